// `codex app-server` as far as an import needs it. It answers with the threads in the file CORRAL_CODEX_THREADS, and
// without that variable it never answers.
import { readFileSync } from 'node:fs';

const file = process.env.CORRAL_CODEX_THREADS;
const threads = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'));
let rest = '';

function answer({ id, method, params }) {
  if (id === undefined || threads === undefined) return;
  const thread = threads.find((each) => each?.id === params.threadId);
  const results = {
    initialize: { userAgent: 'codex/0.169.0' },
    'thread/list': { data: threads },
    'thread/read': { thread },
  };
  process.stdout.write(`${JSON.stringify({ id, result: results[method] })}\n`);
}

process.stdin.on('data', (chunk) => {
  const lines = `${rest}${chunk}`.split('\n');
  rest = lines.pop();
  for (const line of lines) answer(JSON.parse(line));
});

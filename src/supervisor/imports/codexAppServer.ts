import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type * as v from 'valibot';
import { exceedsJsonLimits } from '../../common/lines/jsonLimits';
import { readLines } from '../../common/lines/readLines';
import { codexDriver } from '../agents/codex/codexDriver';
import { initializeCodex } from '../agents/codex/codexThread';
import { JsonRpcPeer } from '../agents/driver/jsonRpc';
import type { ImportingAgent } from './nativeSession';

const ANSWER_LIMIT_MS = 30_000;
/** After its end, for what it has written and nobody has read. */
const OUTPUT_LIMIT_MS = 2_000;
/** A whole thread is one line. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** Starts Codex's app server for one request. Rejects where the answer does not fit `schema`, and when aborted. */
export async function askCodex<S extends v.GenericSchema>(
  agent: ImportingAgent,
  cwd: string,
  { method, params }: { method: string; params: object },
  schema: S,
  signal?: AbortSignal,
): Promise<v.InferOutput<S>> {
  const request = { ...agent, prompt: '', promptFile: '', cwd, permissionMode: 'ask' } as const;
  const [program = '', ...words] = codexDriver.launch(request).argv;
  const child = spawn(program, words, {
    cwd,
    env: agent.environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
    timeout: ANSWER_LIMIT_MS,
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  });
  child.stdin.on('error', () => undefined); // the event `exit` tells
  const peer = new JsonRpcPeer((line) => child.stdin.write(line), {});
  try {
    return await new Promise((resolve, reject) => {
      const fail = (reason: string): void => reject(new Error(`Codex cannot be asked for ${method}: ${reason}`));
      child.once('error', reject);
      const failAtEnd = (): void => fail('it ended before it answered');
      // A program that it has started may keep its output open.
      child.once('exit', () => setTimeout(failAtEnd, OUTPUT_LIMIT_MS).unref());
      readAnswers(child.stdout, peer).then(failAtEnd, reject);
      initializeCodex(peer, () => peer.requestParsed(method, params, schema, resolve, fail), fail);
    });
  } finally {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await once(child, 'exit');
  }
}

async function readAnswers(output: AsyncIterable<Buffer>, peer: JsonRpcPeer): Promise<void> {
  for await (const { bytes, isCut } of readLines(output, MAX_LINE_BYTES)) {
    const line = bytes.toString('utf8');
    if (isCut || exceedsJsonLimits(line)) throw new Error('The answer of Codex is too large to be read.');
    peer.read(line, () => undefined);
  }
}

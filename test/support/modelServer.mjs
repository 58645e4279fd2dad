// A model's service on loopback that speaks Anthropic's Messages, for tests with the real agent programs: what it says is decided by
// `[[name]]` in the last prompt that has one, and by how many tool results came since. Stateless, so that a resumed session goes on.
// `node modelServer.mjs` prints its address.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const say = (text, pieceMs = 0) => ({ type: 'text', text, pieceMs });
const use = (name, input) => ({ type: 'tool_use', id: `toolu_${randomUUID()}`, name, input });

/** Scenario → what the model answers, one entry for each request of a turn. */
const SCENARIOS = {
  plain: () => [[say('Hello from the model. There is nothing else to do.')]],
  write: ({ folder }) => [
    [say('I will make hello.txt.'), use('Write', { file_path: `${folder}/hello.txt`, content: 'hello from the model\n' })],
    [say('hello.txt is there.')],
  ],
  shell: () => [[use('Bash', { command: 'echo shell-ok', description: 'Say something' })], [say('The command is done.')]],
  // Claude asks before this in its default mode; with edits allowed, such plain file commands go ahead.
  permission: () => [
    [say('This needs your permission.'), use('Bash', { command: 'touch granted.txt && rm -f none.txt', description: 'Make a file' })],
    [say('That was the step that needed permission.')],
  ],
  slow: () => [[say(Array.from({ length: 200 }, (_, index) => `tick ${index + 1} `).join(''), 50)]],
  error500: () => undefined,
};

function textsOf(message) {
  if (typeof message.content === 'string') return [message.content];
  return message.content.filter((block) => block.type === 'text').map((block) => block.text);
}

/** What to answer to a request, or undefined where the service is to fail. */
function answerTo(request) {
  const marked = request.messages.findLastIndex((message) => message.role === 'user' && textsOf(message).some((text) => /\[\[[a-z0-9]+\]\]/.test(text)));
  const name = marked < 0 ? undefined : /\[\[([a-z0-9]+)\]\]/.exec(textsOf(request.messages[marked]).join('\n'))?.[1];
  const results = request.messages
    .slice(marked + 1)
    .filter((message) => Array.isArray(message.content) && message.content.some((block) => block.type === 'tool_result')).length;
  const folder = /orking directory: ([^\n"\\]+)/.exec(JSON.stringify([request.system, request.messages]))?.[1] ?? process.cwd();
  const steps = (SCENARIOS[name] ?? SCENARIOS.plain)({ folder });
  return steps?.[Math.min(results, steps.length - 1)];
}

async function stream(response, message, blocks, stopReason) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': `req_${randomUUID()}` });
  const send = (type, body) => response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`);
  send('message_start', { message: { ...message, content: [], stop_reason: null } });
  for (const [index, block] of blocks.entries()) {
    if (block.type === 'text') {
      send('content_block_start', { index, content_block: { type: 'text', text: '' } });
      for (const piece of block.pieceMs === 0 ? [block.text] : block.text.match(/.{1,8}/gs)) {
        if (response.destroyed) return;
        send('content_block_delta', { index, delta: { type: 'text_delta', text: piece } });
        if (block.pieceMs > 0) await pause(block.pieceMs);
      }
    } else {
      send('content_block_start', { index, content_block: { ...block, input: {} } });
      send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: JSON.stringify(block.input) } });
    }
    send('content_block_stop', { index });
  }
  send('message_delta', { delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 20 } });
  send('message_stop', {});
  response.end();
}

async function serve(incoming, response) {
  let body = '';
  for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
  const json = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const { pathname } = new URL(incoming.url, 'http://localhost');
  if (pathname.endsWith('/count_tokens')) return json(200, { input_tokens: 1000 });
  if (incoming.method !== 'POST' || !pathname.endsWith('/v1/messages'))
    return json(404, { type: 'error', error: { type: 'not_found_error', message: 'There is nothing here' } });
  const request = JSON.parse(body);
  const blocks = answerTo(request);
  if (blocks === undefined) return json(500, { type: 'error', error: { type: 'api_error', message: 'the model was told to fail' } });
  const stopReason = blocks.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn';
  const usage = { input_tokens: 1000, output_tokens: 1, cache_read_input_tokens: 100, cache_creation_input_tokens: 0 };
  const message = { id: `msg_${randomUUID()}`, type: 'message', role: 'assistant', model: request.model, stop_sequence: null, usage };
  if (request.stream === true) return stream(response, message, blocks, stopReason);
  const content = blocks.map((block) => (block.type === 'text' ? { type: 'text', text: block.text } : block));
  return json(200, { ...message, content, stop_reason: stopReason, usage: { ...usage, output_tokens: 20 } });
}

/** Listens on a free port of loopback. */
export async function startModelServer() {
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error) => response.destroy(error));
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) console.log((await startModelServer()).url);

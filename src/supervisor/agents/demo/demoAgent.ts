/**
 * The program of the demo agent, which takes Claude's options and speaks Claude's protocol through the real driver. It
 * needs no key and no network: demoScript.ts has the steps that a prompt may contain.
 */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { parseJson } from '../../../common/lines/jsonLimits';
import { LineSplitter } from '../../../common/lines/lineSplitter';
import type { DemoOptions } from './demoTurn';
import type { DemoPrompt } from './demoScript';
import { DemoTurn } from './demoTurn';
import { DemoWire } from './demoWire';

function option(name: string): string | undefined {
  const words = process.argv.slice(2);
  const index = words.indexOf(`--${name}`);
  return (
    words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ??
    (index < 0 ? undefined : words[index + 1])
  );
}

const resumes = option('resume');
const speed = Number(option('demo-speed') ?? process.env['CORRAL_DEMO_SPEED'] ?? 1);
const options: DemoOptions = {
  sessionId: process.argv.includes('--fork-session') ? randomUUID() : (resumes ?? randomUUID()),
  model: option('model') ?? 'demo',
  mode: option('permission-mode') ?? 'default',
  speed: speed > 0 ? speed : 1,
  allowedCommands: new Set(),
};
const wire = new DemoWire(options.sessionId);

const userSchema = v.object({
  type: v.literal('user'),
  uuid: v.optional(v.string()),
  message: v.object({
    content: v.array(
      v.variant('type', [
        v.object({ type: v.literal('text'), text: v.string() }),
        v.object({ type: v.literal('image'), source: v.object({ media_type: v.string(), data: v.string() }) }),
      ]),
    ),
  }),
});
const answerSchema = v.object({
  type: v.literal('control_response'),
  response: v.object({
    request_id: v.string(),
    response: v.object({
      behavior: v.picklist(['allow', 'deny']),
      message: v.optional(v.string()),
      updatedPermissions: v.optional(v.array(v.unknown())),
    }),
  }),
});
const interruptSchema = v.object({
  type: v.literal('control_request'),
  request_id: v.string(),
  request: v.object({ subtype: v.literal('interrupt') }),
});

const MAX_LINE_BYTES = 64 * 1024 * 1024;

const queue: DemoPrompt[] = [];
let current: DemoTurn | undefined;

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    current = new DemoTurn(wire, options);
    const hasFailed = await current.play(next);
    process.exitCode = hasFailed ? 1 : 0;
  }
  current = undefined;
}

function readLine(line: string): void {
  const message = parseJson(line)?.json;
  if (message === undefined) {
    process.stderr.write('Error parsing streaming input line\n');
    process.exit(1);
  }
  if (v.is(userSchema, message)) {
    const { content } = message.message;
    // Files are named in a block of their own, before what was typed.
    const last = content.at(-1);
    queue.push({
      text: last?.type === 'text' ? last.text : '',
      uuid: message.uuid ?? randomUUID(),
      pictures: content.filter(({ type }) => type === 'image').length,
    });
    if (current === undefined) void work();
  } else if (v.is(interruptSchema, message)) {
    wire.write({
      type: 'control_response',
      response: {
        subtype: 'success',
        request_id: message.request_id,
        response: { still_queued: queue.map((waiting) => waiting.uuid) },
      },
    });
    current?.interrupt();
  } else if (v.is(answerSchema, message)) {
    wire.write(message);
    const { request_id: requestId, response } = message.response;
    current?.answer(requestId, {
      isAllowed: response.behavior === 'allow',
      isAlways: (response.updatedPermissions ?? []).length > 0,
      message: response.message ?? '',
    });
  }
}

const lines = new LineSplitter(MAX_LINE_BYTES);

function readChunk(chunk: Buffer): void {
  for (const { bytes } of lines.push(chunk)) readLine(bytes.toString('utf8'));
}

function endInput(): void {
  const last = lines.end();
  if (last !== undefined) readLine(last.bytes.toString('utf8'));
  // The turn continues, but nobody can answer its permission request, which counts as denied.
  current?.endOfInput();
}

function main(): void {
  if (resumes?.startsWith('unknown') === true) {
    const error = `No conversation found with session ID: ${resumes}`;
    process.stderr.write(`${error}\n`);
    wire.result({ isError: true, subtype: 'error_during_execution', errors: [error], turns: 0 });
    process.exitCode = 1;
    process.stdin.destroy();
    return;
  }
  // Nobody reads the output any more.
  process.stdout.on('error', () => process.exit(1));
  process.on('SIGINT', () => {
    queue.length = 0;
    process.stdin.off('data', readChunk).pause();
    current?.endOfInput();
    current?.interrupt();
  });
  process.on('SIGTERM', () => process.exit(143));
  process.on('SIGHUP', () => process.exit(129));
  process.stdin.on('data', readChunk);
  process.stdin.on('end', endInput);
}

main();

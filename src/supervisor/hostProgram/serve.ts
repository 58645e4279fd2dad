import { Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import type { Channel } from '../../common/channels/channel';
import { ChannelError } from '../../common/channels/channel';
import { Multiplexer } from '../../common/channels/multiplexer';
import type * as v from 'valibot';
import type { HostHello, HostRequest, HostRequestOf } from '../hostProtocol/hostProtocol';
import {
  decodeJson,
  encodeJson,
  HOST_CAPABILITIES,
  HOST_PROTOCOL_VERSION,
  hostRequestSchema,
} from '../hostProtocol/hostProtocol';
import type { sessionRequests } from '../hostProtocol/sessionRequestSchemas';
import { Commands } from './commands';
import { connectSocket } from './connectSocket';
import { listNames, openFile, statFile } from './files';
import { CorralError } from '../../storage/errors';
import { liveness } from '../system/identity';
import { adoptLoginEnvironment } from './loginEnvironment';
import { probe } from './probe';
import { startDetached } from './startDetached';
import { putAttachment } from './sessions/attachments';
import { putKeptFile } from './sessions/keptFiles';
import { noteDetached, readFitness } from './sessions/fitness';
import { openHostStore } from './sessions/hostStore';
import { makeWorktree } from './sessions/makeWorktree';
import { cancelRun, endRun, endServersOf, findAgent, findRun, giveUpRun, startRun } from './sessions/runs';
import { putOwnTranscript, readOwnTranscript } from './sessions/transcripts';
import { changeWorktree, eraseSession, putIncluded } from './sessions/worktrees';
import { tailFile } from './tailFile';
import { listVersions, removeVersions } from './versions';

/** So long a window may say nothing; then its link is dead, and what runs on it has nobody any more. */
const SILENCE_LIMIT_MS = 30_000;

/** Set by the bundler's `define`. */
declare const CORRAL_VERSION: string;

/**
 * Answers one window on stdin and stdout until stdin ends or the window falls silent, then ends all commands that still
 * run.
 */
export async function serve(): Promise<void> {
  // Node writes to a pipe on `process.stdout` only when the other end has room, and does nothing else meanwhile.
  const output = new Socket({ fd: 1, readable: false, writable: true });
  // Where Node looks at it, as each `pipe()` does, it would open the same file a second time.
  Object.defineProperty(process, 'stdout', { value: output });
  const commands = new Commands();
  const environment = adoptLoginEnvironment();
  let hasGreeted = false;
  const link: Multiplexer = new Multiplexer({
    input: process.stdin,
    output,
    side: 'host',
    onSilence: (silentMs) => {
      if (silentMs >= SILENCE_LIMIT_MS) link.close();
    },
    onChannel: (channel) => {
      const request = decodeJson(hostRequestSchema, channel.request);
      if (request === undefined || (request.request !== 'hello' && !hasGreeted)) {
        channel.destroy(new ChannelError('INVALID_REQUEST', 'The request has not the expected form'));
        return;
      }
      hasGreeted = true;
      handle(channel, request, commands, environment);
    },
  });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, () => link.close());
  await link.closed;
  await commands.endAll();
}

/** This process has the environment of the login shell once that is settled, with what went wrong. */
function handle(
  channel: Channel,
  request: HostRequest,
  commands: Commands,
  environment: Promise<string | undefined>,
): void {
  switch (request.request) {
    case 'hello':
      answer(channel, Promise.resolve(ownHello()));
      return;
    case 'command':
      commands.start(channel, request, environment);
      return;
    case 'standardError':
      commands.addStandardError(channel);
      return;
    case 'tail': {
      const bytes = Readable.from(tailFile(request.path, request.offset), { objectMode: false });
      sendBytes(channel, Promise.resolve(bytes));
      return;
    }
    case 'connect':
      connectSocket(channel, request.endpoint);
      return;
    case 'probe':
      answer(
        channel,
        environment.then(async (problem) => await probe(request.git, problem)),
      );
      return;
    case 'liveness':
      answer(channel, liveness(request.identity));
      return;
    case 'readFile':
      sendBytes(channel, openFile(request.path, request.maxBytes));
      return;
    case 'stat':
      answer(channel, statFile(request.path));
      return;
    case 'list':
      answer(channel, listNames(request.path));
      return;
    case 'startDetached':
      answer(
        channel,
        environment.then(async () => await startDetached(request)),
      );
      return;
    case 'putAttachment':
      replyDone(channel, putAttachment(request, channel));
      return;
    case 'putIncluded':
      replyDone(channel, putIncluded(request, channel));
      return;
    case 'putKeptFile':
      replyDone(channel, putKeptFile(request, channel));
      return;
    case 'readTranscript':
      sendBytes(
        channel,
        environment.then(async () => await readOwnTranscript(request)),
      );
      return;
    case 'putTranscript':
      replyDone(
        channel,
        environment.then(async () => await putOwnTranscript(request, channel)),
      );
      return;
    case 'listVersions':
      answer(channel, listVersions());
      return;
    case 'removeVersions':
      answer(channel, removeVersions(request.names));
      return;
    default:
      answer(
        channel,
        environment.then(async () => await answerForSessions(request)),
      );
  }
}

type SessionRequest = Exclude<
  HostRequestOf<v.InferOutput<(typeof sessionRequests)[number]>['request']>,
  { request: 'putAttachment' | 'putIncluded' | 'putKeptFile' | 'readTranscript' | 'putTranscript' }
>;

async function answerForSessions(request: SessionRequest): Promise<unknown> {
  switch (request.request) {
    case 'openStore':
      return await openHostStore(request);
    case 'fitness':
      return await readFitness();
    case 'noteDetached':
      await noteDetached();
      return null;
    case 'findAgent':
      await findAgent(request.agent);
      return null;
    case 'makeWorktree':
      return await makeWorktree(request);
    case 'worktree':
      return await changeWorktree(request);
    case 'eraseSession':
      await eraseSession(request);
      return null;
    case 'startRun':
      return await startRun(request);
    case 'findRun':
      return await findRun(request);
    case 'cancelRun':
      return await cancelRun(request);
    case 'endRun':
      await endRun(request);
      return null;
    case 'endServers':
      await endServersOf(request);
      return null;
    case 'giveUpRun':
      await giveUpRun(request);
      return null;
  }
}

function ownHello(): HostHello {
  return { protocol: HOST_PROTOCOL_VERSION, version: CORRAL_VERSION, capabilities: HOST_CAPABILITIES };
}

/** Sends all of the bytes, or the error, to a request without further bytes. */
function sendBytes(channel: Channel, opening: Promise<Readable>): void {
  channel.resume(); // so that its other direction ends
  opening.then(
    (bytes) => pipeline(bytes, channel, () => undefined),
    (error: unknown) => channel.destroy(error as Error),
  );
}

/** As `reply`, to a request without further bytes. */
function answer(channel: Channel, value: Promise<unknown>): void {
  channel.resume(); // so that its other direction ends
  reply(channel, value);
}

/** Sends null once that is done, or the error. */
function replyDone(channel: Channel, work: Promise<void>): void {
  reply(
    channel,
    work.then(() => null),
  );
}

/** Sends the value as JSON, or the error. */
function reply(channel: Channel, value: Promise<unknown>): void {
  value.then(
    (result) => channel.end(encodeJson(result)),
    (error: unknown) =>
      channel.destroy(error instanceof CorralError ? new ChannelError(error.code, error.message) : (error as Error)),
  );
}

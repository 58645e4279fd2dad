/** Programs that run on a host, on channels of its link. */
import { finished } from 'node:stream/promises';
import type { Channel } from '../../common/channels/channel';
import { collectOutput } from '../../common/processes/collectOutput';
import type { ProcessFailure, ProcessOptions, ProcessResult } from '../../common/processes/runProcess';
import { DEFAULT_GRACE_MS, DEFAULT_MAX_OUTPUT_BYTES } from '../../common/processes/runProcess';
import { commandMessageSchema, decodeJson, encodeJson } from '../hostProtocol/hostProtocol';
import type { HostProcess, HostProcessEnd, HostProcessOptions } from '../system/hostConnection';
import { type OpenChannel, errorCodeOf } from './openChannel';

export type Argv = readonly [program: string, ...parameters: string[]];

/** Starts a program. @throws what `open` throws */
export function startOnHost(
  open: OpenChannel,
  argv: Argv,
  options: HostProcessOptions & { repository?: string } = {},
): HostProcess {
  const stderr = open({ request: 'standardError' });
  stderr.end();
  const { cwd, environment, repository } = options;
  let channel: Channel;
  try {
    channel = open({
      request: 'command',
      argv: [...argv],
      ...(cwd === undefined ? {} : { cwd }),
      ...(environment === undefined ? {} : { environment: { ...environment } }),
      standardError: stderr.id,
      ...(repository === undefined ? {} : { repository }),
    });
  } catch (error) {
    stderr.destroy();
    throw error;
  }
  const ended = endOf(channel);
  ended.catch(() => undefined); // also told by the streams, so that nobody has to wait for it
  return {
    stdin: channel,
    stdout: channel,
    stderr,
    ended,
    kill: (signal = 'SIGTERM') => channel.sendMessage(encodeJson({ kill: signal })),
  };
}

async function endOf(channel: Channel): Promise<HostProcessEnd> {
  return await new Promise((resolve, reject) => {
    channel.onMessage((message) => {
      const end = decodeJson(commandMessageSchema, message)?.ended;
      if (end !== undefined) resolve({ exitCode: end.exitCode ?? undefined, signal: end.signal ?? undefined });
    });
    channel.once('close', () => reject(channel.errored ?? new Error('The host did not tell how the program ended')));
  });
}

/** Runs a program to its end, with the contract of `RunProcess`. @throws where the link is lost or refuses it */
export async function runOnHost(open: OpenChannel, argv: Argv, options: ProcessOptions = {}): Promise<ProcessResult> {
  const { signal, timeoutMs, graceMs = DEFAULT_GRACE_MS, maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES } = options;
  const running = startOnHost(open, argv, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    environment: definedOf(options.environment ?? {}),
  });
  let failure: ProcessFailure | undefined;
  let force: NodeJS.Timeout | undefined;
  const end = (reason: ProcessFailure): void => {
    if (failure !== undefined) return;
    failure = reason;
    running.kill('SIGTERM');
    force = setTimeout(() => running.kill('SIGKILL'), graceMs);
  };
  const cancel = (): void => end('cancelled');
  const limit = timeoutMs === undefined ? undefined : setTimeout(() => end('timedOut'), timeoutMs);
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted === true) cancel();
  const stdout = collectOutput(running.stdout, maxOutputBytes, () => end('tooMuchOutput'));
  const stderr = collectOutput(running.stderr, maxOutputBytes, () => end('tooMuchOutput'));
  const result = (how: HostProcessEnd): Omit<ProcessResult, 'failure' | 'cause'> => ({
    exitCode: how.exitCode,
    signal: how.signal as NodeJS.Signals | undefined, // by the names of that system
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr).toString('utf8'),
  });
  try {
    running.stdin.end(options.input);
    const [how] = await Promise.all([
      running.ended,
      finished(running.stdout, { writable: false }),
      finished(running.stderr, { writable: false }),
    ]);
    return { ...result(how), failure, cause: undefined };
  } catch (error) {
    if (errorCodeOf(error) !== 'NOT_STARTED') throw error;
    return { ...result({ exitCode: undefined, signal: undefined }), failure: 'notStarted', cause: error };
  } finally {
    clearTimeout(limit);
    clearTimeout(force);
    signal?.removeEventListener('abort', cancel);
  }
}

function definedOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(environment).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(entries);
}

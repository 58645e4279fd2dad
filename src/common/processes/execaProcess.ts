/** A bundle of its own, loaded at the first process: V8 would read all of it at every start of the editor. */
import { execa } from 'execa';
import { collectOutput } from './collectOutput';
import type { ProcessFailure, RunProcess } from './runProcess';
import { DEFAULT_GRACE_MS, DEFAULT_MAX_OUTPUT_BYTES } from './runProcess';

/** By execa, which also runs Windows' command files with their arguments quoted. */
export const runWithExeca: RunProcess = async ([program, ...parameters], options = {}) => {
  const { timeoutMs, maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES } = options;
  const running = execa(program, parameters, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    env: options.environment ?? process.env,
    extendEnv: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    encoding: 'buffer',
    buffer: false, // its own way to collect output takes as long as all the rest
    forceKillAfterDelay: options.graceMs ?? DEFAULT_GRACE_MS,
    stripFinalNewline: false,
    reject: false,
    cleanup: false, // git goes on when the window closes, as what it had begun is better finished
  });
  const { nodeChildProcess } = running;
  const output = { isTooMuch: false };
  const onTooMuch = (): void => {
    if (!output.isTooMuch) running.kill();
    output.isTooMuch = true;
  };
  const stdout = collectOutput(running.stdout, maxOutputBytes, onTooMuch);
  const stderr = collectOutput(running.stderr, maxOutputBytes, onTooMuch);
  nodeChildProcess.once('exit', () => {
    if (timeoutMs === undefined || !nodeChildProcess.killed) return;
    running.stdout.destroy();
    running.stderr.destroy();
  });
  const result = await running;
  const failure = output.isTooMuch ? 'tooMuchOutput' : failureOf(result);
  return {
    exitCode: result.exitCode,
    signal: result.signal,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr).toString('utf8'),
    failure,
    cause: failure === 'notStarted' ? result.cause : undefined,
  };
};

interface Ending {
  failed: boolean;
  isCanceled: boolean;
  timedOut: boolean;
  exitCode?: number;
  signal?: string;
}

function failureOf({ failed, isCanceled, timedOut, exitCode, signal }: Ending): ProcessFailure | undefined {
  if (isCanceled) return 'cancelled';
  if (timedOut) return 'timedOut';
  return failed && exitCode === undefined && signal === undefined ? 'notStarted' : undefined;
}

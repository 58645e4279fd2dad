/** A bundle of its own, loaded at the first process: V8 would read all of it at every start of the editor. */
import { execa } from 'execa';
import type { ProcessFailure, RunProcess } from './runProcess';
import { DEFAULT_GRACE_MS, DEFAULT_MAX_OUTPUT_BYTES } from './runProcess';

/** By execa, which also runs Windows' command files with their arguments quoted. */
export const runWithExeca: RunProcess = async ([program, ...parameters], options = {}) => {
  const { timeoutMs } = options;
  const running = execa(program, parameters, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    env: options.environment ?? process.env,
    extendEnv: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    encoding: 'buffer',
    maxBuffer: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    forceKillAfterDelay: options.graceMs ?? DEFAULT_GRACE_MS,
    stripFinalNewline: false,
    reject: false,
    cleanup: false, // git goes on when the window closes, as what it had begun is better finished
  });
  const { nodeChildProcess } = running;
  nodeChildProcess.once('exit', () => {
    if (timeoutMs === undefined || !nodeChildProcess.killed) return;
    running.stdout.destroy();
    running.stderr.destroy();
  });
  const result = await running;
  const failure = failureOf(result);
  return {
    exitCode: result.exitCode,
    signal: result.signal,
    stdout: bufferOf(result.stdout),
    stderr: bufferOf(result.stderr).toString('utf8'),
    failure,
    cause: failure === 'notStarted' ? result.cause : undefined,
  };
};

interface Ending {
  failed: boolean;
  isCanceled: boolean;
  timedOut: boolean;
  isMaxBuffer: boolean;
  exitCode?: number;
  signal?: string;
}

function failureOf({
  failed,
  isCanceled,
  timedOut,
  isMaxBuffer,
  exitCode,
  signal,
}: Ending): ProcessFailure | undefined {
  if (isCanceled) return 'cancelled';
  if (timedOut) return 'timedOut';
  if (isMaxBuffer) return 'tooMuchOutput';
  return failed && exitCode === undefined && signal === undefined ? 'notStarted' : undefined;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

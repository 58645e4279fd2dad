import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { collectOutput } from './collectOutput';
import type { ProcessFailure, ProcessOptions, ProcessResult, RunProcess } from './runProcess';
import { DEFAULT_GRACE_MS, DEFAULT_MAX_OUTPUT_BYTES } from './runProcess';

/** By Node alone: small enough for a runner, of which there is one for each run. */
export const runWithNode: RunProcess = async ([program, ...parameters], options = {}) => {
  const { cwd, environment = process.env, input } = options;
  try {
    const child: ChildProcess = spawn(program, parameters, { cwd, env: environment, windowsHide: true });
    child.stdin?.on('error', () => undefined).end(input); // an unread rest is no error: the exit code tells
    return await endOf(child, options);
  } catch (cause) {
    return {
      exitCode: undefined,
      signal: undefined,
      stdout: Buffer.alloc(0),
      stderr: '',
      failure: 'notStarted',
      cause,
    };
  }
};

/** Rejects where the program could not be started. */
function endOf(child: ChildProcess, options: ProcessOptions): Promise<ProcessResult> {
  const { signal, timeoutMs, maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES, graceMs = DEFAULT_GRACE_MS } = options;
  return new Promise((resolve, reject) => {
    let failure: ProcessFailure | undefined;
    let force: NodeJS.Timeout | undefined;
    const stop = (reason: ProcessFailure): void => {
      if (failure !== undefined) return;
      failure = reason;
      child.kill();
      force = setTimeout(() => child.kill('SIGKILL'), graceMs);
    };
    const cancel = (): void => stop('cancelled');
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    const limit = timeoutMs === undefined ? undefined : setTimeout(() => stop('timedOut'), timeoutMs);
    const onTooMuch = (): void => stop('tooMuchOutput');
    const stdout = collectOutput(child.stdout, maxOutputBytes, onTooMuch);
    const stderr = collectOutput(child.stderr, maxOutputBytes, onTooMuch);
    const release = (): void => {
      signal?.removeEventListener('abort', cancel);
      clearTimeout(limit);
      clearTimeout(force);
    };
    child.once('exit', () => {
      if (timeoutMs === undefined || !child.killed) return;
      child.stdout?.destroy();
      child.stderr?.destroy();
    });
    child.once('error', (error) => {
      if (child.pid !== undefined) return; // such as a signal that could not be sent
      release();
      reject(error);
    });
    child.once('close', (exitCode, endSignal) => {
      release();
      resolve({
        exitCode: exitCode ?? undefined,
        signal: endSignal ?? undefined,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString('utf8'),
        failure,
        cause: undefined,
      });
    });
  });
}

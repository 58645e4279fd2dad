import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { collectOutput } from './collectOutput';
import { GroupEnd, LEADS_GROUP } from './processGroup';
import type { ProcessOptions, ProcessResult, RunProcess } from './runProcess';
import { DEFAULT_MAX_OUTPUT_BYTES } from './runProcess';

/** By Node alone: small enough for a runner, of which there is one for each run. */
export const runWithNode: RunProcess = async ([program, ...parameters], options = {}) => {
  const { cwd, environment = process.env, input } = options;
  try {
    const child: ChildProcess = spawn(program, parameters, {
      cwd,
      env: environment,
      detached: LEADS_GROUP,
      windowsHide: true,
    });
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
  const { maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES } = options;
  return new Promise((resolve, reject) => {
    const group = new GroupEnd(child, options);
    const onTooMuch = (): void => group.end('tooMuchOutput');
    const stdout = collectOutput(child.stdout, maxOutputBytes, onTooMuch);
    const stderr = collectOutput(child.stderr, maxOutputBytes, onTooMuch);
    child.once('error', (error) => {
      if (child.pid !== undefined) return; // such as a signal that could not be sent
      group.release();
      reject(error);
    });
    child.once('close', (exitCode, endSignal) => {
      group.release();
      resolve({
        exitCode: exitCode ?? undefined,
        signal: endSignal ?? undefined,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString('utf8'),
        failure: group.failure,
        cause: undefined,
      });
    });
  });
}

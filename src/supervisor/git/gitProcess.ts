import { execFile } from 'node:child_process';
import type { ExecFileException } from 'node:child_process';

const MAXIMUM_OUTPUT_BYTES = 1 << 30;
/** Git waits for a filter that it runs; one that hangs must not keep a cancelled command for ever. */
const FORCE_AFTER_MS = 5_000;

/** Resolves when the process is gone, also where it was cancelled. The error's `code` is the exit code, or a name where it could not be started. */
export async function execute(
  program: string,
  parameters: readonly string[],
  place: { cwd: string; env: NodeJS.ProcessEnv },
  input: Uint8Array | string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ error: ExecFileException | undefined; stdout: Buffer; stderr: string }> {
  return await new Promise((resolve) => {
    let force: NodeJS.Timeout | undefined;
    const options = { ...place, encoding: 'buffer', maxBuffer: MAXIMUM_OUTPUT_BYTES, windowsHide: true } as const;
    const child = execFile(program, parameters, options, (error, stdout, stderr) => {
      signal?.removeEventListener('abort', stop);
      clearTimeout(force);
      resolve({ error: error ?? undefined, stdout, stderr: stderr.toString('utf8') });
    });
    // Not `execFile`'s own way to cancel, which does not wait for the end: what git makes is taken back after it.
    const stop = (): void => {
      child.kill();
      force = setTimeout(() => child.kill('SIGKILL'), FORCE_AFTER_MS);
    };
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
    child.stdin?.on('error', () => undefined).end(input); // it need not read all of it; its exit code tells
  });
}

/** How a program is run to its end: the window and the runner have an implementation each, of the same behaviour. */

/** How long a program that was asked to end may take before it is killed. */
export const DEFAULT_GRACE_MS = 5_000;
export const DEFAULT_MAX_OUTPUT_BYTES = 1 << 30;

export interface ProcessOptions {
  /** The working directory; this process's own where absent. */
  cwd?: string;
  /** All variables of the program; those of this process where absent. */
  environment?: NodeJS.ProcessEnv;
  /** Bytes for stdin, which is empty where absent. A program may leave some of it unread. */
  input?: Uint8Array | string | undefined;
  /** Ends the program with all that it started: SIGTERM, then SIGKILL after the grace. */
  signal?: AbortSignal | undefined;
  /** Ends the program as `signal` does; then what it left running is not waited for. No limit where absent. */
  timeoutMs?: number;
  /** For stdout and stderr each; more than that ends the program as `signal` does. */
  maxOutputBytes?: number;
  graceMs?: number;
}

/** Why a program did not come to its own end. */
export type ProcessFailure = 'cancelled' | 'timedOut' | 'tooMuchOutput' | 'notStarted';

export interface ProcessResult {
  /** Undefined where a signal ended the program, or it was never started. */
  exitCode: number | undefined;
  signal: NodeJS.Signals | undefined;
  /** What it printed until its end, as bytes. */
  stdout: Buffer;
  stderr: string;
  /** Undefined where the program ended by itself, whatever its exit code. */
  failure: ProcessFailure | undefined;
  /** The system's error where `failure` is `notStarted`. */
  cause: unknown;
}

/**
 * Runs a program, named by its path or looked up on PATH, without a shell. Resolves when it is gone, also where it was
 * cancelled, and with it whatever holds its output; never rejects for what the program does.
 */
export type RunProcess = (
  argv: readonly [program: string, ...parameters: string[]],
  options?: ProcessOptions,
) => Promise<ProcessResult>;

/** A program and all that it started: its process group on POSIX, its process tree on Windows. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { ProcessFailure, ProcessOptions } from './runProcess';
import { DEFAULT_GRACE_MS } from './runProcess';

const isWindows = process.platform === 'win32';

/** How a program is started so that it leads a group of its own. On Windows that would open a window. */
export const LEADS_GROUP = !isWindows;

/** Ends a program with its group when it is cancelled, takes too long, or prints too much. */
export class GroupEnd {
  /** Why it was ended; undefined while nothing asked for it. */
  failure: ProcessFailure | undefined;
  readonly #child: ChildProcess;
  readonly #graceMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #limit: NodeJS.Timeout | undefined;
  #force: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, { signal, timeoutMs, graceMs = DEFAULT_GRACE_MS }: ProcessOptions) {
    this.#child = child;
    this.#graceMs = graceMs;
    this.#signal = signal;
    this.#limit = timeoutMs === undefined ? undefined : setTimeout(() => this.end('timedOut'), timeoutMs);
    signal?.addEventListener('abort', this.#cancel, { once: true });
    if (signal?.aborted === true) this.#cancel();
    child.once('exit', () => {
      if (timeoutMs === undefined || this.failure === undefined) return;
      child.stdout?.destroy(); // what it left running is not waited for
      child.stderr?.destroy();
    });
  }

  readonly #cancel = (): void => this.end('cancelled');

  end(reason: ProcessFailure): void {
    if (this.failure !== undefined) return;
    this.failure = reason;
    signalGroup(this.#child, 'SIGTERM');
    this.#force = setTimeout(() => signalGroup(this.#child, 'SIGKILL'), this.#graceMs);
  }

  /** To be called once the program is gone and its output has ended. Then nothing of an ended group goes on. */
  release(): void {
    this.#signal?.removeEventListener('abort', this.#cancel);
    clearTimeout(this.#limit);
    clearTimeout(this.#force);
    if (this.failure !== undefined && !isWindows) signalGroup(this.#child, 'SIGKILL');
  }
}

/** Sends the signal to the program and all of its group; on Windows, ends its tree. No error where it is gone. */
export function signalGroup({ pid }: Pick<ChildProcess, 'pid'>, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  if (isWindows) {
    const program = join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'taskkill.exe');
    spawn(program, ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {
      process.kill(pid);
    });
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it is gone already.
  }
}

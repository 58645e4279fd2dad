import type { Disposable } from '../../../../common/disposable';
import type { Hosts } from '../../../hosts/hosts';

/** Lets copies wait for hosts that are away, at no cost. */
export class HostReturns implements Disposable {
  readonly #hosts: Hosts;
  readonly #subscription: Disposable;
  /** By the names of hosts. */
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
    this.#subscription = hosts.changed.event(({ names }) => {
      for (const name of names) for (const wake of this.#waiting.get(name) ?? []) wake();
    });
  }

  /** Settles when the host's connection or entry has changed, at once where it is connected, or with `signal`. */
  async untilChanged(name: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#hosts.pool.stateOf(name)?.kind === 'connected') return;
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting);
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

import type { Disposable } from '../../../../common/disposable';
import type { Hosts } from '../../../hosts/hosts';
import { Waiters } from './waiters';

/** Lets copies wait for hosts that are away. */
export class HostReturns implements Disposable {
  readonly #hosts: Hosts;
  readonly #waiters = new Waiters();
  readonly #subscription: Disposable;

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
    this.#subscription = hosts.changed.event(({ names }) => {
      for (const name of names) this.#waiters.wake(name);
    });
  }

  /** Settles when the host's connection or entry has changed, at once where it is connected, or with `signal`. */
  async untilChanged(name: string, signal: AbortSignal): Promise<void> {
    if (this.#hosts.pool.stateOf(name)?.kind !== 'connected') await this.#waiters.wait(name, signal);
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

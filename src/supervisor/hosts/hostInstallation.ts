import type { Log } from '../../common/log';
import {
  hostVersionsSchema,
  removedVersionsSchema,
  type HostRequestOf,
  type HostVersion,
} from '../hostProtocol/hostProtocol';
import type { ReachedHost } from './transport/transportErrors';
import { whileConnected, type ConnectedOptions } from './whileConnected';

/** Corral's program on a host. Every method connects, which installs this version where it is missing. */
export class HostInstallation {
  readonly #host: ReachedHost;
  readonly #options: { bundles: string; log: Log };

  constructor(host: ReachedHost, { bundles, log }: { bundles: string; log: Log }) {
    this.#host = host;
    this.#options = { bundles, log };
  }

  /** @throws CorralError `HOST_…`, as all of them */
  async install(options: ConnectedOptions = {}): Promise<void> {
    await whileConnected(this.#host, { ...this.#options, ...options }, async () => {
      await Promise.resolve(); // to connect is enough
    });
  }

  /** All versions there but this one. */
  async otherVersions(options: ConnectedOptions = {}): Promise<HostVersion[]> {
    const request: HostRequestOf<'listVersions'> = { request: 'listVersions' };
    return await whileConnected(
      this.#host,
      { ...this.#options, ...options },
      async (connection) => await connection.ask(request, hostVersionsSchema),
    );
  }

  /** Removes those of the versions that nothing there uses, and answers with their names. */
  async remove(names: readonly string[], options: ConnectedOptions = {}): Promise<string[]> {
    const request: HostRequestOf<'removeVersions'> = { request: 'removeVersions', names: [...names] };
    return await whileConnected(
      this.#host,
      { ...this.#options, ...options },
      async (connection) => await connection.ask(request, removedVersionsSchema),
    );
  }
}

import type { Disposable } from '../../common/disposable';
import { Emitter } from '../../common/emitter';
import type { Log } from '../../common/log';
import { ProcessPool } from '../git/processPool';
import type { HostConnection, HostState } from '../system/hostConnection';
import type { HostSetting } from './hostSettings';

/** Of hundreds, all would run into their time limit. */
const ATTEMPTS_AT_ONCE = 16;

export interface HostPoolOptions {
  /** @throws CorralError where there is no such host, or its entry is wrong */
  settingOf: (name: string) => HostSetting;
  bundles: string;
  log: Log;
  onListenerError: (error: unknown) => void;
}

/** The connections on which sessions work, one for each host. They ask nobody for a password. */
export class HostPool implements Disposable {
  readonly changed: Emitter<{ name: string; state: HostState }>;
  readonly #options: HostPoolOptions;
  readonly #connections = new Map<string, Promise<HostConnection>>();
  readonly #attempts = new ProcessPool(ATTEMPTS_AT_ONCE);
  readonly #states = new Map<string, HostState>();
  #isDisposed = false;

  constructor(options: HostPoolOptions) {
    this.#options = options;
    this.changed = new Emitter(options.onListenerError);
  }

  /** The connection, which the first call begins to make without waiting for it. Throws as `settingOf`. */
  async connection(name: string): Promise<HostConnection> {
    const setting = this.#options.settingOf(name);
    const opening = this.#connections.get(name) ?? this.#open(name, setting);
    this.#connections.set(name, opening);
    return await opening;
  }

  /** How the connection is; undefined where none was asked for. */
  stateOf(name: string): HostState | undefined {
    return this.#states.get(name);
  }

  /** Ends the connection to a host whose entry changed. */
  forget(name: string): void {
    const opening = this.#connections.get(name);
    this.#connections.delete(name);
    this.#states.delete(name);
    void opening?.then((connection) => connection.close());
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const name of this.#connections.keys()) this.forget(name);
    this.changed.dispose();
  }

  async #open(name: string, setting: HostSetting): Promise<HostConnection> {
    const { bundles, log } = this.#options;
    const { openConnection } = await import('./openConnection');
    const connection = await openConnection({ name, setting }, { bundles, log, attempts: this.#attempts });
    if (this.#isDisposed) {
      connection.close();
      return connection;
    }
    connection.onDidChangeState((state) => {
      this.#states.set(name, state);
      this.changed.fire({ name, state });
    });
    void connection.connectInTurn();
    return connection;
  }
}

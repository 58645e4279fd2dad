import type { Disposable } from '../../common/disposable';
import { Emitter } from '../../common/emitter';
import { messageOf } from '../../common/errors';
import type { Log } from '../../common/log';
import { CorralError } from '../../storage/errors';
import { requireWritable } from '../sessions/sessionErrors';
import type { AskPerson, HostState } from '../system/hostConnection';
import type { HostInstallation } from './hostInstallation';
import { HostPool } from './hostPool';
import { hostSettingOf, kindOfHost, type HostSetting, type HostSettings } from './hostSettings';
import type { HostSummary, HostTestReport } from './hostsApi';
import type { HostTestOptions } from './test/hostTest';
import { KeptReports, type KeptValues } from './keptReports';

export interface HostsOptions {
  settings: () => { hosts: HostSettings };
  /** The folder of Corral's bundles. */
  bundles: string;
  /** For what tests found. */
  keptValues: KeptValues;
  isTrusted: () => boolean;
  log: Log;
  onListenerError: (error: unknown) => void;
}

/** The hosts of the setting `corral.hosts`. */
export class Hosts implements Disposable {
  readonly changed: Emitter<{ names: string[] }>;
  /** The connections on which sessions work. */
  readonly pool: HostPool;
  readonly #options: HostsOptions;
  readonly #reports: KeptReports;
  /** Why the last test in this window did not get there. */
  readonly #failures = new Map<string, NonNullable<HostSummary['failure']>>();
  /** As they were when last heard of, as JSON. */
  #entries: ReadonlyMap<string, string>;

  constructor(options: HostsOptions) {
    this.#options = options;
    this.changed = new Emitter(options.onListenerError);
    this.pool = new HostPool({ ...options, settingOf: (name) => this.settingOf(name) });
    this.pool.changed.event(({ name }) => this.changed.fire({ names: [name] }));
    this.#reports = new KeptReports(options.keptValues);
    this.#entries = this.#readEntries();
  }

  /** The entry of a host that may be reached. @throws UNTRUSTED, HOST_UNKNOWN, HOST_SETTINGS_INVALID */
  settingOf(name: string): HostSetting {
    const { settings, isTrusted } = this.#options;
    requireWritable({ isTrusted: isTrusted(), readOnly: false });
    return hostSettingOf(name, settings().hosts);
  }

  /** @throws HOST_SETTINGS_INVALID where the setting has no entries at all */
  list(): HostSummary[] {
    const { hosts } = this.#options.settings();
    return [...hosts].map(([name, setting]) => {
      if ('mistake' in setting) return { name, problem: setting.mistake };
      const lastTest = this.#reports.read(name, JSON.stringify(setting));
      const failure = this.#failures.get(name);
      const state = this.pool.stateOf(name);
      return {
        name,
        kind: kindOfHost(setting),
        enteredBy: 'ssh' in setting ? 'ssh' : 'exec',
        target: 'ssh' in setting ? setting.ssh : setting.exec.join(' '),
        ...(lastTest === undefined ? {} : { lastTest }),
        ...(failure === undefined ? {} : { failure }),
        ...(state === undefined ? {} : { connection: connectionOf(state) }),
      };
    });
  }

  /** @throws UNTRUSTED, HOST_UNKNOWN, HOST_SETTINGS_INVALID, HostError */
  async test(name: string, options: HostTestOptions = {}): Promise<HostTestReport> {
    const { bundles, log } = this.#options;
    const setting = this.settingOf(name);
    const { testHost } = await import('./test/hostTest');
    try {
      const report = await testHost({ name, setting }, { bundles, log, ...options });
      this.#failures.delete(name);
      await this.#reports.keep(report, JSON.stringify(setting));
      return report;
    } catch (error) {
      const isCancelled =
        options.signal?.aborted === true || (error instanceof CorralError && error.code === 'CANCELLED');
      if (!isCancelled) this.#failures.set(name, { reason: messageOf(error), at: new Date().toISOString() });
      throw error;
    } finally {
      this.changed.fire({ names: [name] });
    }
  }

  /**
   * Makes the connection on which sessions work, where there is none. With `ask`, ssh may ask a person.
   * @throws CorralError as `settingOf`, or why there is no connection
   */
  async connect(name: string, ask?: AskPerson): Promise<void> {
    const connection = await this.pool.connection(name);
    const state = connection.state.kind === 'connected' ? connection.state : await connection.reconnectNow(ask);
    if (state.kind === 'unreachable') throw state.error;
  }

  /** Corral's program on a host. Throws as `settingOf`. */
  async installation(name: string): Promise<HostInstallation> {
    const setting = this.settingOf(name);
    const { HostInstallation } = await import('./hostInstallation');
    return new HostInstallation({ name, setting }, this.#options);
  }

  /** To be called when the setting has changed. */
  noteSettings(): void {
    const before = this.#entries;
    const now = this.#readEntries();
    this.#entries = now;
    const names = [...new Set([...before.keys(), ...now.keys()])].filter((name) => before.get(name) !== now.get(name));
    for (const name of names) {
      this.#failures.delete(name);
      this.pool.forget(name);
    }
    if (names.length > 0) this.changed.fire({ names });
  }

  dispose(): void {
    this.pool.dispose();
    this.changed.dispose();
  }

  /** None where the setting cannot be read, which is said where hosts are asked for. */
  #readEntries(): Map<string, string> {
    try {
      return new Map([...this.#options.settings().hosts].map(([name, setting]) => [name, JSON.stringify(setting)]));
    } catch {
      return new Map();
    }
  }
}

function connectionOf(state: HostState): NonNullable<HostSummary['connection']> {
  return {
    state: state.kind,
    since: new Date(state.sinceMs).toISOString(),
    ...(state.kind === 'unreachable' ? { reason: state.error.message } : {}),
  };
}

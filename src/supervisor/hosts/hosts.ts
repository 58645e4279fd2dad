import type { Disposable } from '../../common/disposable';
import { Emitter } from '../../common/emitter';
import type { Log } from '../../common/log';
import { requireWritable } from '../sessions/sessionErrors';
import { HostPool } from './hostPool';
import { hostSettingOf, type HostSetting, type HostSettings } from './hostSettings';
import type { HostSummary, HostTestReport } from './hostsApi';
import type { HostTestOptions } from './test/hostTest';

export interface HostsOptions {
  settings: () => { hosts: HostSettings };
  /** The folder of Corral's bundles. */
  bundles: string;
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
  readonly #reports = new Map<string, HostTestReport>();
  /** As they were when last heard of, as JSON. */
  #entries: ReadonlyMap<string, string>;

  constructor(options: HostsOptions) {
    this.#options = options;
    this.changed = new Emitter(options.onListenerError);
    this.pool = new HostPool({ ...options, settingOf: (name) => this.settingOf(name) });
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
      const lastTest = this.#reports.get(name);
      return {
        name,
        ...('ssh' in setting ? { kind: 'ssh', target: setting.ssh } : { kind: 'exec', target: setting.exec.join(' ') }),
        ...(lastTest === undefined ? {} : { lastTest }),
      };
    });
  }

  /** @throws UNTRUSTED, HOST_UNKNOWN, HOST_SETTINGS_INVALID, HostError */
  async test(name: string, options: HostTestOptions = {}): Promise<HostTestReport> {
    const { bundles, log } = this.#options;
    const setting = this.settingOf(name);
    const { testHost } = await import('./test/hostTest');
    const report = await testHost({ name, setting }, { bundles, log, ...options });
    this.#reports.set(name, report);
    this.changed.fire({ names: [name] });
    return report;
  }

  /** To be called when the setting has changed. */
  noteSettings(): void {
    const before = this.#entries;
    const now = this.#readEntries();
    this.#entries = now;
    const names = [...new Set([...before.keys(), ...now.keys()])].filter((name) => before.get(name) !== now.get(name));
    for (const name of names) {
      this.#reports.delete(name);
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

import { posix } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { RunProcess } from '../../../common/processes/runProcess';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { hostStoreSchema, type HostStore } from '../../hostProtocol/sessionRequests';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { kindOfHost } from '../../hosts/hostSettings';
import type { Hosts } from '../../hosts/hosts';
import { Git } from '../../git/git';
import type { SessionStore } from '../../sessions/sessionStore';
import type { HostConnection } from '../../system/hostConnection';

/** A host that is connected, and what it has of this store. */
export interface OpenHost {
  name: string;
  connection: HostConnection;
  store: HostStore;
  /** Runs git here for transfers with this host alone, so that a slow one holds up nothing else. */
  git: Git;
}

interface HostStoresOptions {
  hosts: Hosts;
  store: Pick<SessionStore, 'storeId'>;
  runProcess: RunProcess;
}

/** Opens the store's folder on each host, once for each connection. */
export class HostStores {
  readonly #options: HostStoresOptions;
  readonly #opened = new WeakMap<HostConnection, { sinceMs: number; git: Git; store: Promise<HostStore> }>();

  constructor(options: HostStoresOptions) {
    this.#options = options;
  }

  /**
   * The host of a session; undefined where it is not connected now.
   * @throws CorralError HOST_FAILED where another machine answers by that name, or its files are elsewhere; also as
   * `Hosts.settingOf`
   */
  async find({ host }: SessionFacts): Promise<OpenHost | undefined> {
    if (host === undefined) return undefined;
    const connection = await this.#options.hosts.pool.connection(host.name);
    if (connection.state.kind !== 'connected') return undefined;
    const open = await this.#open(host.name, connection);
    if (open.store.machineId !== host.machineId)
      throw new CorralError(
        'HOST_FAILED',
        l10n.t('“{name}” leads to another machine now than to the one on which this session works.', {
          name: host.name,
        }),
      );
    await requireSameRoot(open, host);
    return open;
  }

  /**
   * As `find`, and connects where there is no connection.
   * @throws CorralError HOST_UNREACHABLE, or why there is no connection
   */
  async require(facts: SessionFacts): Promise<OpenHost> {
    if (facts.host !== undefined) await this.connect(facts.host.name);
    return await this.connected(facts);
  }

  /**
   * As `find`.
   * @throws CorralError HOST_UNREACHABLE where it is not connected now
   */
  async connected(facts: SessionFacts): Promise<OpenHost> {
    const open = await this.find(facts);
    if (open !== undefined) return open;
    const name = facts.host?.name ?? '';
    throw new CorralError('HOST_UNREACHABLE', l10n.t('The host “{name}” is not connected now.', { name }));
  }

  /** @throws CorralError why there is no connection */
  async connect(name: string): Promise<OpenHost> {
    const connection = await this.#options.hosts.pool.connection(name);
    const state = connection.state.kind === 'connected' ? connection.state : await connection.reconnectNow();
    if (state.kind === 'unreachable') throw state.error;
    return await this.#open(name, connection);
  }

  async #open(name: string, connection: HostConnection): Promise<OpenHost> {
    const { sinceMs } = connection.state;
    let opened = this.#opened.get(connection);
    if (opened?.sinceMs !== sinceMs) {
      const { git: farGit = 'git', slurm } = this.#options.hosts.settingOf(name);
      const request = {
        request: 'openStore',
        storeId: this.#options.store.storeId,
        git: farGit,
        ...(slurm === undefined ? {} : { cluster: true as const }),
      } satisfies HostRequestOf<'openStore'>;
      const git = new Git(this.#options.runProcess);
      opened = { sinceMs, git, store: connection.ask(request, hostStoreSchema) };
      this.#opened.set(connection, opened);
      opened.store.catch(() => this.#opened.delete(connection));
    }
    return { name, connection, git: opened.git, store: await opened.store };
  }
}

/** How records name the host. */
export function placeOnHost(hosts: Hosts, { name, store }: OpenHost) {
  const place = { name, machineId: store.machineId };
  const kind = kindOfHost(hosts.settingOf(name));
  return kind === 'slurm' ? { ...place, kind } : { ...place, kind };
}

/** In another folder nothing is known of the session's runs, which would count as not started there. */
async function requireSameRoot(
  { name, connection, store }: OpenHost,
  { worktree }: NonNullable<SessionFacts['host']>,
): Promise<void> {
  if (worktree === undefined || worktree.repository.startsWith(`${store.root}/`)) return;
  const before = posix.dirname(worktree.repository);
  // A link may lead from there to where the files are now.
  const now = posix.join(store.root, posix.basename(before));
  const [one, other] = await Promise.all([connection.stat(before), connection.stat(now)]);
  if (one !== undefined && one.inode === other?.inode) return;
  throw new CorralError(
    'HOST_FAILED',
    l10n.t(
      'Correct “root” of “{name}” in corral.hosts, or its user: this session’s files are there in {before}, not in {now}.',
      { name, now: store.root, before: posix.dirname(before) },
    ),
  );
}

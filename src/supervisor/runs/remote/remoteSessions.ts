import type { Duplex } from 'node:stream';
import * as l10n from '@vscode/l10n';
import type { Disposable } from '../../../common/disposable';
import { Emitter } from '../../../common/emitter';
import { messageOf } from '../../../common/errors';
import { CorralError, isHostError } from '../../../storage/errors';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { isInterrupted } from '../../../storage/sessionState';
import type { DeleteOptions, SessionRequest } from '../../api';
import type { ForwardedPort } from '../../hosts/hostsApi';
import type { WorktreeKeeper } from '../../lifecycle/removal/worktreeKeeper';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import { connectPort, ForwardedPorts } from './forwardedPorts';
import type { OpenHost } from './hostStores';
import type { RemoteRuns, RemoteRunsOptions } from './remoteRuns';

export interface RemoteSessionsOptions extends RemoteRunsOptions {
  remoteRuns: RemoteRuns;
}

/** Makes and removes sessions on other hosts. */
export class RemoteSessions implements Disposable {
  /** A host is connected, so that what was interrupted on it can be finished. */
  readonly returned: Emitter<{ sessionIds: string[] }>;
  readonly #options: RemoteSessionsOptions;
  readonly #forwardedPorts = new ForwardedPorts();

  constructor(options: RemoteSessionsOptions) {
    const { hosts, log, model } = options;
    this.#options = options;
    this.returned = new Emitter((error) => log.error(`After a host came back: ${messageOf(error)}`));
    hosts.pool.changed.event(({ name, state }) => {
      if (state.kind !== 'connected') return;
      this.returned.fire({ sessionIds: model.onHost(name).map(({ sessionId }) => sessionId) });
    });
    // What was begun on a host that is in the setting again waits for it.
    hosts.changed.event(({ names }) => {
      for (const name of names.filter((each) => model.onHost(each).some(isInterrupted)))
        hosts.pool.connection(name).catch(() => undefined);
    });
  }

  /**
   * Makes a session that works on the host that the request names, and records its run. Answers with its id.
   * @throws CorralError HOST_…, or as `SessionCreator.create`
   */
  async create(request: SessionRequest): Promise<string> {
    const { createRemoteSession } = await import('./remoteCreation');
    const host = await this.#options.remoteRuns.stores.connect(request.host ?? '');
    return await createRemoteSession(this.#options, host, request);
  }

  /** As `SessionCreator.startOrDiscard`. */
  async startOrDiscard(sessionId: string, start: () => Promise<void>): Promise<void> {
    try {
      await start();
    } catch (error) {
      await this.#discardUnstarted(sessionId, error);
      throw error;
    }
  }

  async #discardUnstarted(sessionId: string, cause: unknown): Promise<void> {
    const { remoteRuns, store } = this.#options;
    const { discardRemoteSession } = await import('./remoteCreation');
    await withWorktreeLock(store.paths, sessionId, async () => {
      const facts = await store.sync(sessionId);
      const [run, ...others] = facts?.runs ?? [];
      if (facts === undefined || run?.closed?.outcome !== 'failed' || run.startedAt !== undefined) return;
      if (others.length === 0)
        await discardRemoteSession(this.#options, await remoteRuns.stores.find(facts), sessionId, cause);
    });
  }

  /** True where the host of the session is connected. Where it is not, `returned` tells when it is. */
  async isWithinReach(facts: SessionFacts): Promise<boolean> {
    return await this.#options.remoteRuns.stores.find(facts).then(
      (host) => host !== undefined,
      () => false,
    );
  }

  /** As the function of this name; `stop` ends the session's run. */
  async continueHere(sessionId: string, stop: () => Promise<void>): Promise<void> {
    const { continueHere } = await import('./places/continueHere');
    const { remoteRuns, model } = this.#options;
    const isConnected = await remoteRuns.reach(model.facts(sessionId)).then(
      () => true,
      () => false,
    );
    await continueHere(this.#options, sessionId, { isConnected, stop });
  }

  /** As the function of this name, to the host of that name in `corral.hosts`. */
  async moveToHost(sessionId: string, name: string): Promise<string[]> {
    const { moveToHost } = await import('./places/moveToHost');
    const host = await this.#options.remoteRuns.stores.connect(name);
    const lifecycle = { ...this.#options, worktreeOnHost: async (facts: SessionFacts) => await this.worktree(facts) };
    return await moveToHost(lifecycle, host, sessionId);
  }

  /**
   * As `HostsApi.forwardPort`. On a cluster it is a port of the node on which the session's run is.
   * @throws CorralError INVALID_ARGUMENT, or HOST_… where the host cannot be reached now
   */
  async forwardPort(sessionId: string, port: number): Promise<ForwardedPort> {
    const { remoteRuns, model, store } = this.#options;
    const facts = model.facts(sessionId);
    if (facts.host === undefined || !Number.isInteger(port) || port < 1 || port > 65_535)
      throw new CorralError('INVALID_ARGUMENT', l10n.t('Only a port of a session on another host can be forwarded.'));
    await remoteRuns.reach(facts);
    const there = { stores: remoteRuns.stores, storeId: store.storeId };
    const connect = async (): Promise<Duplex> => await connectPort(there, model.facts(sessionId), port);
    return await this.#forwardedPorts.forward(sessionId, port, connect);
  }

  /** The worktree of a session whose host is connected. @throws CorralError HOST_UNREACHABLE, HOST_UNKNOWN */
  async worktree(facts: SessionFacts): Promise<WorktreeKeeper> {
    const { RemoteWorktree } = await import('./remoteWorktree');
    return new RemoteWorktree(this.#options, await this.#options.remoteRuns.stores.connected(facts), facts);
  }

  /**
   * Removes all that the session's host has of it, and the refs here that hold its work. Hosts where it worked before
   * are left to `eraseRemains`.
   * @throws CorralError HOST_… where the host cannot be reached now, unless that may come later; CONFLICT where its
   * worktree is in its place
   */
  async erase(facts: SessionFacts, options: DeleteOptions): Promise<void> {
    const { eraseLaterWhereItWas } = await import('./erasedSessions');
    if (facts.host !== undefined) await this.#eraseThere(facts, options);
    await eraseLaterWhereItWas(this.#options, facts);
  }

  async #eraseThere(facts: SessionFacts, { forgetHere = false }: DeleteOptions): Promise<void> {
    const { remoteRuns } = this.#options;
    let host: OpenHost;
    try {
      host = await remoteRuns.stores.require(facts);
    } catch (error) {
      if (!forgetHere || !isHostError(error)) throw error;
      const { eraseLater } = await import('./erasedSessions');
      await eraseLater(this.#options, facts);
      return;
    }
    if (facts.isForgotten === true)
      throw new CorralError('CONFLICT', l10n.t('This session is being deleted on its host. Try again in a moment.'));
    const { RemoteWorktree } = await import('./remoteWorktree');
    await new RemoteWorktree(this.#options, host, facts).erase();
    await remoteRuns.mirrors.end(facts);
  }

  /** Erases on hosts that are back what was erased here while they were away. Of others, `returned` tells. */
  async eraseRemains(): Promise<void> {
    const { eraseRemains } = await import('./erasedSessions');
    await eraseRemains(this.#options);
  }

  /** As `eraseRemains`, in the background. */
  eraseRemainsSoon(): void {
    const { log } = this.#options;
    this.eraseRemains().catch((error: unknown) => log.error(`Erasing on other hosts: ${messageOf(error)}`));
  }

  dispose(): void {
    this.returned.dispose();
    this.#forwardedPorts.dispose();
  }
}

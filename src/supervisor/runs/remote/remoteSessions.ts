import type { Disposable } from '../../../common/disposable';
import { Emitter } from '../../../common/emitter';
import { messageOf } from '../../../common/errors';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { currentRun } from '../../../storage/sessionState';
import type { SessionRequest } from '../../api';
import type { WorktreeKeeper } from '../../lifecycle/removal/worktreeKeeper';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import type { RemoteRuns, RemoteRunsOptions } from './remoteRuns';

export interface RemoteSessionsOptions extends RemoteRunsOptions {
  remoteRuns: RemoteRuns;
}

/** Makes and removes sessions on other hosts. */
export class RemoteSessions implements Disposable {
  /** A host is connected, so that what was interrupted on it can be finished. */
  readonly returned: Emitter<{ sessionIds: string[] }>;
  readonly #options: RemoteSessionsOptions;

  constructor(options: RemoteSessionsOptions) {
    const { hosts, log, model } = options;
    this.#options = options;
    this.returned = new Emitter((error) => log.error(`After a host came back: ${messageOf(error)}`));
    hosts.pool.changed.event(({ name, state }) => {
      if (state.kind !== 'connected') return;
      const sessionIds = model.ids().filter((id) => model.facts(id).host?.name === name);
      this.returned.fire({ sessionIds });
    });
  }

  /**
   * Makes a session that works on the host of this name, and starts its run there. Answers with its id.
   * @throws CorralError HOST_…, or as `SessionCreator.create`
   */
  async create(request: SessionRequest, hostName: string): Promise<string> {
    const { remoteRuns, model, store } = this.#options;
    const { createRemoteSession, discardRemoteSession } = await import('./remoteCreation');
    const host = await remoteRuns.stores.connect(hostName);
    const id = await createRemoteSession(this.#options, host, request);
    const facts = model.facts(id);
    const run = currentRun(facts);
    try {
      if (run !== undefined) await remoteRuns.start(facts, run);
    } catch (error) {
      await withWorktreeLock(store.paths, id, async () => {
        await discardRemoteSession(this.#options, host, id, error);
      });
      throw error;
    }
    return id;
  }

  /** True where the host of the session is connected. Where it is not, `returned` tells when it is. */
  async isWithinReach(facts: SessionFacts): Promise<boolean> {
    return await this.#options.remoteRuns.stores.find(facts).then(
      (host) => host !== undefined,
      () => false,
    );
  }

  /** The worktree of a session whose host is connected. @throws CorralError HOST_UNREACHABLE, HOST_UNKNOWN */
  async worktree(facts: SessionFacts): Promise<WorktreeKeeper> {
    const { RemoteWorktree } = await import('./remoteWorktree');
    return new RemoteWorktree(this.#options, await this.#options.remoteRuns.stores.connected(facts), facts);
  }

  /**
   * Removes all that the session's host has of it, and the refs here that hold its work.
   * @throws CorralError HOST_… where the host cannot be reached now, CONFLICT where its worktree is in its place
   */
  async erase(facts: SessionFacts): Promise<void> {
    const { remoteRuns } = this.#options;
    const { RemoteWorktree } = await import('./remoteWorktree');
    await new RemoteWorktree(this.#options, await remoteRuns.stores.require(facts), facts).erase();
    await remoteRuns.endMirrors(facts);
  }

  dispose(): void {
    this.returned.dispose();
  }
}

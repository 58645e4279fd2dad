import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { RunFacts } from '../../../storage/sessionFacts';
import { isOpen, isQueued } from '../../../storage/sessionState';
import { publishGoneClaim, readClaim } from '../../runnerProtocol/claimFile';
import type { SessionModel } from '../../sessions/sessionModel';
import type { SupervisorSettings } from '../../settings';
import { isOfThisPlace, isStopped } from '../../system/identity';
import type { ProcessIdentity } from '../../system/identitySchema';
import type { StuckLock } from '../../system/stuckLock';
import { findStuckLock, freeStuckLock } from '../../system/stuckLock';
import type { GoneQuestion } from './goneQuestion';
import { closeRun } from '../closeRun';
import type { Queue } from '../queue/queue';
import { closingOf } from '../recovery';
import type { RemoteRuns } from '../remote/remoteRuns';
import type { RunWatcher } from '../runWatcher';
import type { GoneRunsOptions } from './goneRuns';

export interface GoneMarkerOptions extends GoneRunsOptions {
  model: SessionModel;
  watcher: RunWatcher;
  queue: Queue;
  remoteRuns: RemoteRuns;
  settings: () => SupervisorSettings;
  /** See `SupervisorOptions`. */
  silenceLimitMs: number;
}

/** Takes a person's word that something is gone, where evidence cannot decide. */
export class GoneMarker {
  readonly #options: GoneMarkerOptions;

  constructor(options: GoneMarkerOptions) {
    this.#options = options;
  }

  /** What a person can say to be gone of this session; undefined where there is nothing. */
  async question(id: string): Promise<GoneQuestion | undefined> {
    const run = this.#silentRun(id);
    const locks = await this.#stuckLocks(id);
    if (run === undefined && locks.length === 0) return undefined;
    return {
      ...(run === undefined ? {} : { run: await this.#describe(id, run) }),
      locks: locks.map(({ name, owner, isHere, isStopped, since, lastSignAt }) => ({
        ...{ name, since, lastSignAt },
        ...(owner === undefined ? {} : { process: { ...placeOf(owner), isHere, isStopped } }),
      })),
    };
  }

  /**
   * Records a person's word that the session's run, and whoever holds its locks, are gone.
   * @throws CorralError CONFLICT where that is known not to be so, or not silent for long enough
   */
  async mark(id: string): Promise<void> {
    const { store, model, watcher, queue, remoteRuns, settings } = this.#options;
    const run = this.#silentRun(id);
    const locks = await this.#stuckLocks(id);
    if (run === undefined && locks.length === 0)
      throw new CorralError(
        'CONFLICT',
        l10n.t(
          'This session answers, or has been silent for less than a minute. Try again later, or use “Kill Session”.',
        ),
      );
    for (const lock of locks) await freeStuckLock(lock);
    if (run !== undefined) {
      const { runId } = run;
      const { process, since } = await this.#describe(id, run);
      const name = process === undefined ? '' : ` (process ${String(process.pid)} on ${process.host})`;
      const evidence = `Marked as gone by you. Its background process${name} had not answered since ${since}.`;
      // Before the record: a runner that lives has to see it before another run can start.
      const facts = model.facts(id);
      if (facts.host === undefined) await publishGoneClaim(store.paths.session(id).run(runId));
      else await remoteRuns.markGone(facts, runId);
      await closeRun(store, { sessionId: id, runId }, (facts) => ({
        ...closingOf(facts, evidence, settings().recoveryPolicy),
        by: 'person',
      }));
      model.setLive(id, { checking: false });
      void watcher.check(id, runId); // from now on it listens whether the run speaks again
    }
    await queue.dispatch();
  }

  #silentRun(id: string): RunFacts | undefined {
    const { model } = this.#options;
    if (model.live(id).maybeGone !== true) return undefined;
    return model.facts(id).runs.findLast((run) => isOpen(run) && !isQueued(run));
  }

  async #describe(id: string, { runId, lastEventAt }: RunFacts): Promise<NonNullable<GoneQuestion['run']>> {
    const { store, model } = this.#options;
    const claim = await readClaim(store.paths.session(id).run(runId)).catch(() => undefined);
    return {
      since: model.live(id).unreachable ?? '',
      ...(lastEventAt === undefined ? {} : { lastEventAt }),
      ...(claim?.state === 'claimed'
        ? {
            process: {
              ...placeOf(claim.runner),
              isHere: await isOfThisPlace(claim.runner),
              isStopped: await isStopped(claim.runner),
            },
          }
        : {}),
    };
  }

  async #stuckLocks(id: string): Promise<StuckLock[]> {
    const { store, silenceLimitMs } = this.#options;
    const { lockName, worktreeLockName } = store.paths.session(id);
    const names = [lockName, worktreeLockName, store.paths.queueLockName];
    const found = await Promise.all(names.map(async (name) => await findStuckLock(name, silenceLimitMs)));
    return found.filter((lock) => lock !== undefined);
  }
}

/** The host's own name, without the id of its machine. */
function placeOf({ host, pid }: ProcessIdentity): { host: string; pid: number } {
  return { host: host.split(' ', 1)[0] ?? host, pid };
}

import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import { StorePaths } from '../../../storage/paths';
import type { DraftEvent } from '../../../storage/events';
import type { DriverName } from '../../agents/drivers';
import { filterAccessWithoutPrograms } from '../../git/filters/filterAccess';
import type { Git } from '../../git/git';
import { findRepository } from '../../git/repository';
import type { Repository } from '../../git/repository';
import { sourcesOf } from '../../git/review/changes';
import { countWorkChanges } from '../../git/review/workChanges';
import { SnapshotMemory } from '../../git/snapshots/incremental/incrementalSnapshot';
import { takeSnapshot } from '../../git/snapshots/snapshots';
import { inspectWorktree } from '../../git/worktreeOwnership';
import { settleInTime } from '../settleInTime';
import type { RunBootstrap } from '../../runnerProtocol/protocol';

/** Events after which files may have changed. */
const MAY_CHANGE_FILES: readonly DraftEvent['kind'][] = ['tool.result', 'file.change', 'output'];

/** Its programs report no tool calls. */
const SILENT_DRIVER: DriverName = 'command';

const DELAY_MS = 60_000;

/**
 * Takes snapshots of a run's worktree: at each turn's end, during turns that change files, and after the agent's end.
 * Only the last one is waited for; one that fails becomes an `error` event.
 */
export class SnapshotTaker {
  readonly #git: Git;
  readonly #run: Pick<RunBootstrap, 'sessionId' | 'cwd' | 'storeRoot'>;
  readonly #worktree: NonNullable<RunBootstrap['worktree']>;
  readonly #emit: (event: DraftEvent) => void;
  readonly #delayMs: number;
  readonly #abort = new AbortController();
  readonly #memory = new SnapshotMemory();
  #repository: Repository | undefined;
  #turn = 0;
  #isSilent = false;
  /** What may change files without a further event: tool calls without a result, and turns of a silent driver. */
  readonly #openActions = new Set<string>();
  #mayDiffer = false;
  #timer: NodeJS.Timeout | undefined;
  /** The commit message of the next one, which says why it is taken. */
  #requested: string | undefined;
  #taking: Promise<void> | undefined;
  #lastFailure: string | undefined;

  /** `delayMs` is the time from the first change in a turn to its snapshot, in milliseconds. */
  constructor(
    git: Git,
    run: Pick<RunBootstrap, 'sessionId' | 'cwd' | 'storeRoot'>,
    worktree: NonNullable<RunBootstrap['worktree']>,
    emit: (event: DraftEvent) => void,
    delayMs = DELAY_MS,
  ) {
    this.#git = git;
    this.#run = run;
    this.#worktree = worktree;
    this.#emit = emit;
    this.#delayMs = delayMs;
  }

  /** Sees every event of the run, in order. */
  observe(event: DraftEvent): void {
    if (event.kind === 'run.started') this.#isSilent = event.data.driver === SILENT_DRIVER;
    if (event.kind === 'turn.started') {
      this.#turn = event.data.turn;
      if (this.#isSilent) this.#openActions.add(`turn ${String(this.#turn)}`);
    }
    if (event.kind === 'tool.call') this.#openActions.add(event.data.callId);
    if (event.kind === 'tool.result') this.#openActions.delete(event.data.callId);
    if (MAY_CHANGE_FILES.includes(event.kind)) {
      this.#mayDiffer = true;
      this.#timer ??= setTimeout(() => this.#request(`During turn ${String(this.#turn)}`), this.#delayMs).unref();
    }
    if (event.kind === 'turn.ended') {
      if (this.#isNeeded) this.#request(`After turn ${String(event.data.turn)}`);
      this.#openActions.clear();
    }
  }

  /** Takes one now where files may have changed. */
  takeNow(message: string): void {
    if (this.#isNeeded) this.#request(message);
  }

  /** Takes the last snapshot, unless that takes too long: a removal of the worktree takes its own. */
  async finish(isHurried: boolean): Promise<void> {
    if (this.#isNeeded) this.#request('When the agent had ended');
    clearTimeout(this.#timer);
    await settleInTime(this.#taking, this.#abort, isHurried);
  }

  get #isNeeded(): boolean {
    return this.#mayDiffer || this.#openActions.size > 0;
  }

  #request(message: string): void {
    this.#requested = message;
    this.#taking ??= this.#takeRequested();
  }

  async #takeRequested(): Promise<void> {
    while (this.#requested !== undefined) {
      const message = this.#requested;
      this.#requested = undefined;
      this.#mayDiffer = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      await this.#take(message);
    }
    this.#taking = undefined;
  }

  async #take(message: string): Promise<void> {
    const { sessionId, cwd } = this.#run;
    const { repository: folder, storeId, baseCommit } = this.#worktree;
    try {
      const repository = (this.#repository ??= await findRepository(this.#git, folder));
      const filters = filterAccessWithoutPrograms(new StorePaths(this.#run.storeRoot));
      const worktree = { repository, path: cwd, storeId, sessionId, filters, signal: this.#abort.signal };
      // To git, a worktree inside the checkout that lost its link is the checkout itself.
      const found = await inspectWorktree(worktree);
      if (found.state === 'missing') throw new CorralError('WORKTREE_MISSING', 'the worktree is not there any more');
      if (found.state === 'foreign') throw new CorralError('WORKTREE_NOT_OURS', found.reason);
      const snapshot = await takeSnapshot(worktree, message, { memory: this.#memory });
      this.#lastFailure = undefined;
      if (!snapshot.changed) return;
      const after = { revision: snapshot.tree, filtered: sourcesOf(filters, snapshot.filtered) };
      const counts = await countWorkChanges(repository, baseCommit, after, this.#abort.signal);
      this.#emit({ kind: 'snapshot', data: { commit: snapshot.commit, tree: snapshot.tree, ...counts } });
    } catch (error) {
      this.#mayDiffer = true;
      const failure = messageOf(error);
      if (failure === this.#lastFailure) return; // a lasting failure is reported once
      this.#lastFailure = failure;
      this.#emit({
        kind: 'error',
        data: { message: `No snapshot of the worktree could be taken: ${failure}`, code: 'SNAPSHOT' },
      });
    }
  }
}

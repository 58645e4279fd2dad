import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import type { DraftEvent } from '../../../storage/events';
import type { DriverName } from '../../agents/drivers';
import { countChanges } from '../../git/changeCounts';
import type { Git } from '../../git/git';
import { findRepository } from '../../git/repository';
import type { Repository } from '../../git/repository';
import { takeSnapshot } from '../../git/snapshots/snapshots';
import { inspectWorktree } from '../../git/worktreeOwnership';
import { settleInTime } from '../settleInTime';
import type { RunBootstrap } from '../../runnerProtocol/protocol';

/** Events after which files may be others than before. */
const MAY_CHANGE_FILES: readonly DraftEvent['kind'][] = ['tool.result', 'file.change', 'output'];

/** Its programs tell of no tools. */
const SILENT_DRIVER: DriverName = 'command';

const PAUSE_MS = 60_000;

/**
 * Snapshots of a run's worktree: at each turn's end, between them while files change, and when the agent has ended. By the runner, so that they
 * happen with no window open. Nothing waits for one but the last; what fails is an `error` event.
 */
export class SnapshotTaker {
  readonly #git: Git;
  readonly #run: Pick<RunBootstrap, 'sessionId' | 'cwd'>;
  readonly #worktree: NonNullable<RunBootstrap['worktree']>;
  readonly #emit: (event: DraftEvent) => void;
  readonly #pauseMs: number;
  readonly #abort = new AbortController();
  #repository: Repository | undefined;
  #turn = 0;
  #isSilent = false;
  /** What may change files without another word: calls that have no result yet, and the turn of a program that tells of no calls. */
  readonly #underWay = new Set<string>();
  #mayDiffer = false;
  #timer: NodeJS.Timeout | undefined;
  /** Why the next one is taken. */
  #wanted: string | undefined;
  #taking: Promise<void> | undefined;
  #lastFailure: string | undefined;

  /** `pauseMs` is the time from the first change in a turn to its snapshot. */
  constructor(
    git: Git,
    run: Pick<RunBootstrap, 'sessionId' | 'cwd'>,
    worktree: NonNullable<RunBootstrap['worktree']>,
    emit: (event: DraftEvent) => void,
    pauseMs = PAUSE_MS,
  ) {
    this.#git = git;
    this.#run = run;
    this.#worktree = worktree;
    this.#emit = emit;
    this.#pauseMs = pauseMs;
  }

  /** Sees every event of the run, in order. */
  observe(event: DraftEvent): void {
    if (event.kind === 'run.started') this.#isSilent = event.data.driver === SILENT_DRIVER;
    if (event.kind === 'turn.started') {
      this.#turn = event.data.turn;
      if (this.#isSilent) this.#underWay.add(`turn ${String(this.#turn)}`);
    }
    if (event.kind === 'tool.call') this.#underWay.add(event.data.callId);
    if (event.kind === 'tool.result') this.#underWay.delete(event.data.callId);
    if (MAY_CHANGE_FILES.includes(event.kind)) {
      this.#mayDiffer = true;
      this.#timer ??= setTimeout(() => this.#want(`During turn ${String(this.#turn)}`), this.#pauseMs).unref();
    }
    if (event.kind === 'turn.ended') {
      if (this.#isToBeTaken) this.#want(`After turn ${String(event.data.turn)}`);
      this.#underWay.clear();
    }
  }

  /** The last snapshot. It is given up where it takes too long, since a removal takes its own. */
  async finish(isHurried: boolean): Promise<void> {
    if (this.#isToBeTaken) this.#want('When the agent had ended');
    clearTimeout(this.#timer);
    await settleInTime(this.#taking, this.#abort, isHurried);
  }

  get #isToBeTaken(): boolean {
    return this.#mayDiffer || this.#underWay.size > 0;
  }

  #want(message: string): void {
    this.#wanted = message;
    this.#taking ??= this.#takeWanted();
  }

  async #takeWanted(): Promise<void> {
    while (this.#wanted !== undefined) {
      const message = this.#wanted;
      this.#wanted = undefined;
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
      const worktree = { repository, path: cwd, storeId, sessionId, signal: this.#abort.signal };
      // Without its link a worktree inside the checkout is to git the checkout itself.
      const found = await inspectWorktree(worktree);
      if (found.state === 'missing') throw new CorralError('WORKTREE_MISSING', 'the worktree is not there any more');
      if (found.state === 'foreign') throw new CorralError('WORKTREE_NOT_OURS', found.reason);
      const snapshot = await takeSnapshot(worktree, message);
      this.#lastFailure = undefined;
      if (!snapshot.changed) return;
      const counts = await countChanges(repository, baseCommit, snapshot.tree, this.#abort.signal);
      this.#emit({ kind: 'snapshot', data: { commit: snapshot.commit, tree: snapshot.tree, ...counts } });
    } catch (error) {
      this.#mayDiffer = true;
      const failure = messageOf(error);
      if (failure === this.#lastFailure) return; // one that lasts is said once
      this.#lastFailure = failure;
      this.#emit({
        kind: 'error',
        data: { message: `No snapshot of the worktree could be taken: ${failure}`, code: 'SNAPSHOT' },
      });
    }
  }
}

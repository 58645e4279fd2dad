import { lstat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { DraftEvent, EventData } from '../../../storage/events';
import type { Git } from '../../git/git';
import { changedSettings } from '../../git/configurationChanges';
import type { GitConfiguration } from '../../git/gitConfiguration';
import { readConfiguration } from '../../git/gitConfiguration';
import { gitDirectoryOf } from '../../git/gitDirectory';
import { withIsolatedPlace } from '../../git/isolated/isolatedGit';
import { pathFromBytes, pathToText } from '../../git/pathBytes';
import { headCommit } from '../../git/repository';
import { listUncommittedFiles } from '../../git/snapshots/uncommittedFiles';
import { isInside } from '../../../common/isInside';
import { realAncestor } from '../../../common/realAncestor';
import { readLink } from '../../git/worktreeOwnership';
import { settleInTime } from '../settleInTime';
import { namedPaths } from './namedPaths';
import type { RunBootstrap } from '../../runnerProtocol/protocol';

const FILE_CATEGORIES: readonly EventData<'tool.call'>['category'][] = ['edit', 'delete', 'move'];
/** Tools that may run programs. */
const COMMAND_CATEGORIES: readonly EventData<'tool.call'>['category'][] = ['execute', 'other'];
/** The clock that dates files may lag behind the process's. */
const CLOCK_SLACK_MS = 20;
const MAX_NAMED = 5;

/** A tool call without a result. */
interface Call {
  data: EventData<'tool.call'>;
  atMs: number;
  /** Path outside the worktree that a command names → whether anything was there when the command began. */
  outside: Promise<Map<string, boolean>>;
}

/**
 * Reports when the agent's tools change anything outside the session's worktree: what a tool says it changed, what a
 * command names and what changed while it ran, and git's configuration and hooks.
 */
export class EscapeWatch {
  readonly #git: Git;
  readonly #run: Pick<RunBootstrap, 'sessionId' | 'cwd'>;
  /** The top of the worktree. */
  readonly #worktreePath: string;
  readonly #mainWorktree: string;
  readonly #emit: (event: DraftEvent) => void;
  readonly #calls = new Map<string, Call>();
  readonly #reported = new Set<string>();
  #administrativeDirectory: string | undefined;
  #configuration: GitConfiguration | undefined;
  #resultCount = 0;
  /** The main checkout's uncommitted files when last asked, and how many tool results there were then. */
  #checkout: { files: string[]; resultCount: number } | undefined;
  readonly #abort = new AbortController();
  /** One check at a time, in the order of the results. */
  #checks: Promise<void> = Promise.resolve();

  constructor(
    git: Git,
    run: Pick<RunBootstrap, 'sessionId' | 'cwd' | 'worktreePath'>,
    mainWorktree: string,
    emit: (event: DraftEvent) => void,
  ) {
    this.#git = git;
    this.#run = run;
    this.#worktreePath = run.worktreePath ?? run.cwd;
    this.#mainWorktree = mainWorktree;
    this.#emit = emit;
  }

  /** Sees every event of the run, in order. */
  observe(event: DraftEvent): void {
    if (event.kind === 'run.started')
      this.#enqueue(async () => {
        await this.#readConfiguration();
      });
    if (
      event.kind === 'tool.call' &&
      (FILE_CATEGORIES.includes(event.data.category) || COMMAND_CATEGORIES.includes(event.data.category))
    ) {
      const outside = COMMAND_CATEGORIES.includes(event.data.category)
        ? this.#outsidePaths(event.data.input)
        : Promise.resolve(new Map<string, boolean>());
      this.#calls.set(event.data.callId, { data: event.data, atMs: Date.now() - CLOCK_SLACK_MS, outside });
    }
    if (event.kind === 'tool.result') {
      const call = this.#calls.get(event.data.callId);
      const result = ++this.#resultCount;
      this.#calls.delete(event.data.callId);
      if (call !== undefined && event.data.status !== 'denied')
        this.#enqueue(async () => await this.#checkCall(call, result));
    }
  }

  /** Settles when everything observed is checked, or when that takes too long. */
  async finish(isHurried: boolean): Promise<void> {
    await settleInTime(this.#checks, this.#abort, isHurried);
  }

  /** A check that fails reports nothing: a guess would be worse, and the run must go on. */
  #enqueue(check: () => Promise<void>): void {
    this.#checks = this.#checks.then(check).catch(() => undefined);
  }

  /** `result` counts the results so far, the call's own included. */
  async #checkCall({ data, atMs, outside }: Call, result: number): Promise<void> {
    const touched = new Set<string>();
    if (FILE_CATEGORIES.includes(data.category)) {
      for (const { path } of data.locations)
        if (await this.#isOutside(resolve(this.#run.cwd, path))) touched.add(resolve(this.#run.cwd, path));
    }
    for (const [path, wasThere] of await outside) {
      for (const changed of await this.#changedSince(path, wasThere, atMs, result)) touched.add(changed);
    }
    const names = [...touched];
    const more = names.length > MAX_NAMED ? ` and ${String(names.length - MAX_NAMED)} more` : '';
    if (names.length > 0)
      this.#report(
        `“${data.title}” changed what lies outside of this session's worktree: ${names.slice(0, MAX_NAMED).join(', ')}${more}`,
      );
    await this.#checkConfiguration(data.title);
  }

  async #checkConfiguration(title: string): Promise<void> {
    const before = this.#configuration;
    const now = await this.#readConfiguration();
    if (before === undefined || now === undefined || before.stamp === now.stamp) return;
    const changed = await changedSettings(this.#git, this.#worktreePath, before, now);
    if (changed.length > 0)
      this.#report(`While “${title}” ran, git's configuration of the repository changed: ${changed.join(', ')}`);
  }

  async #readConfiguration(): Promise<GitConfiguration | undefined> {
    // Git's folder of this worktree is `<common directory>/worktrees/<name>`. Without its link, the last one counts.
    this.#administrativeDirectory = (await readLink(this.#worktreePath)) ?? this.#administrativeDirectory;
    if (this.#administrativeDirectory === undefined) return undefined;
    this.#configuration = await readConfiguration(this.#administrativeDirectory, this.#worktreePath);
    return this.#configuration;
  }

  #report(message: string): void {
    if (this.#reported.has(message)) return;
    this.#reported.add(message);
    this.#emit({ kind: 'error', data: { message, code: 'ESCAPE' } });
  }

  async #outsidePaths(input: unknown): Promise<Map<string, boolean>> {
    const found = new Map<string, boolean>();
    for (const path of namedPaths(input, this.#run.cwd)) {
      const wasThere = (await lstat(path).catch(() => undefined)) !== undefined;
      if (await this.#isOutside(path)) found.set(path, wasThere);
    }
    return found;
  }

  /** Follows links, both out of the worktree and into it. */
  async #isOutside(path: string): Promise<boolean> {
    // On Windows, merely looking at such a path logs in at that server.
    if (path.startsWith('\\\\')) return true;
    return !isInside((await realAncestor(path)) ?? path, this.#worktreePath);
  }

  /**
   * What changed at a path since `atMs`: the file itself, its removal, or files of the main checkout below it.
   * So a person's change counts only where the agent's command names the same path at the same time.
   */
  async #changedSince(path: string, wasThere: boolean, atMs: number, result: number): Promise<string[]> {
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined) return wasThere ? [path] : [];
    if (!stats.isDirectory()) return stats.ctimeMs >= atMs ? [path] : [];
    const main = this.#mainWorktree;
    if (!isInside(path, main) && !isInside(main, path)) return stats.ctimeMs >= atMs ? [path] : [];
    const changed: string[] = [];
    for (const file of await this.#checkoutAfter(result)) {
      const found = await lstat(pathFromBytes(main, file)).catch(() =>
        lstat(dirname(join(main, pathToText(file)))).catch(() => undefined),
      );
      if (found !== undefined && found.ctimeMs >= atMs) changed.push(join(main, pathToText(file)));
    }
    return changed;
  }

  /** The uncommitted files of the main checkout after that result. Calls share an answer, since it can take long. */
  async #checkoutAfter(result: number): Promise<string[]> {
    if (this.#checkout === undefined || this.#checkout.resultCount < result) {
      const resultCount = this.#resultCount;
      this.#checkout = { files: await this.#uncommittedFiles(), resultCount };
    }
    return this.#checkout.files;
  }

  async #uncommittedFiles(): Promise<string[]> {
    const [git, mainWorktree] = [this.#git, this.#mainWorktree];
    // Without the worktree's link nothing tells where the repository is.
    if (this.#administrativeDirectory === undefined) return [];
    const commonDirectory = dirname(dirname(this.#administrativeDirectory));
    const gitDirectory = (await gitDirectoryOf(mainWorktree)) ?? commonDirectory;
    const head = await headCommit(git, mainWorktree);
    const place = { git, path: mainWorktree, gitDirectory, commonDirectory, head, signal: this.#abort.signal };
    const { changed, untracked } = await withIsolatedPlace(place, async (isolated) =>
      listUncommittedFiles(isolated, mainWorktree, head),
    );
    return [...changed, ...untracked];
  }
}

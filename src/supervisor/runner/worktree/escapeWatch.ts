import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { DraftEvent, EventData } from '../../../storage/events';
import type { Git } from '../../git/git';
import type { GitConfiguration } from '../../git/gitConfiguration';
import { changedSettings, readConfiguration } from '../../git/gitConfiguration';
import { pathFromBytes, pathToText, splitZ } from '../../git/pathBytes';
import { isInside } from '../../../common/isInside';
import { readLink } from '../../git/worktreeOwnership';
import { settleInTime } from '../settleInTime';
import { namedPaths } from './namedPaths';
import type { RunBootstrap } from '../../runnerProtocol/protocol';

const CHANGING: readonly EventData<'tool.call'>['category'][] = ['edit', 'delete', 'move'];
/** They may run programs. */
const RUNNING: readonly EventData<'tool.call'>['category'][] = ['execute', 'other'];
/** The clock by which a disk dates files may lag behind the process's. */
const CLOCK_SLACK_MS = 20;
const MAX_NAMED = 5;

/** A tool call whose result is awaited. */
interface Call {
  data: EventData<'tool.call'>;
  atMs: number;
  /** Paths outside the worktree that a command names → whether something was there when it began. */
  outside: Promise<Map<string, boolean>>;
}

/**
 * Tells when a session's own tools touch what lies outside its worktree: files that a tool says it changed, files that a command names and that changed
 * while it ran, the main checkout, and the repository's git configuration and hooks. Evidence only: what people do meanwhile is not blamed on the agent
 * unless a command of its names the very same place at the very same time. Looks at the disk only after such a call.
 */
export class EscapeWatch {
  readonly #git: Git;
  readonly #run: Pick<RunBootstrap, 'sessionId' | 'cwd'>;
  readonly #mainWorktree: string;
  readonly #emit: (event: DraftEvent) => void;
  readonly #calls = new Map<string, Call>();
  readonly #told = new Set<string>();
  #administrativeDirectory: string | undefined;
  #configuration: GitConfiguration | undefined;
  #resultCount = 0;
  /** What git said of the main checkout last, and how many results there were when it was asked: it says as much for all of them. */
  #checkout: { lines: string[]; resultCount: number } | undefined;
  readonly #abort = new AbortController();
  /** One look at a time, in the order of the results. */
  #looking: Promise<void> = Promise.resolve();

  constructor(
    git: Git,
    run: Pick<RunBootstrap, 'sessionId' | 'cwd'>,
    mainWorktree: string,
    emit: (event: DraftEvent) => void,
  ) {
    this.#git = git;
    this.#run = run;
    this.#mainWorktree = mainWorktree;
    this.#emit = emit;
  }

  /** Sees every event of the run, in order. */
  observe(event: DraftEvent): void {
    if (event.kind === 'run.started')
      this.#then(async () => {
        await this.#readConfiguration();
      });
    if (
      event.kind === 'tool.call' &&
      (CHANGING.includes(event.data.category) || RUNNING.includes(event.data.category))
    ) {
      const outside = RUNNING.includes(event.data.category)
        ? this.#outsidePaths(event.data.input)
        : Promise.resolve(new Map<string, boolean>());
      this.#calls.set(event.data.callId, { data: event.data, atMs: Date.now() - CLOCK_SLACK_MS, outside });
    }
    if (event.kind === 'tool.result') {
      const call = this.#calls.get(event.data.callId);
      const result = ++this.#resultCount;
      this.#calls.delete(event.data.callId);
      if (call !== undefined && event.data.status !== 'denied') this.#then(async () => await this.#look(call, result));
    }
  }

  /** Settles when everything that was seen has been looked at, or when that takes too long. */
  async finish(isHurried: boolean): Promise<void> {
    await settleInTime(this.#looking, this.#abort, isHurried);
  }

  /** A look that fails says nothing: a guess would be worse, and the run is not to end for it. */
  #then(look: () => Promise<void>): void {
    this.#looking = this.#looking.then(look).catch(() => undefined);
  }

  /** `result` is the number of the call's own among all results. */
  async #look({ data, atMs, outside }: Call, result: number): Promise<void> {
    const touched = new Set<string>();
    if (CHANGING.includes(data.category)) {
      for (const { path } of data.locations)
        if (await this.#isOutside(resolve(this.#run.cwd, path))) touched.add(resolve(this.#run.cwd, path));
    }
    for (const [path, wasThere] of await outside) {
      for (const changed of await this.#changedSince(path, wasThere, atMs, result)) touched.add(changed);
    }
    const names = [...touched];
    const more = names.length > MAX_NAMED ? ` and ${String(names.length - MAX_NAMED)} more` : '';
    if (names.length > 0)
      this.#tell(
        `“${data.title}” changed what lies outside of this session's worktree: ${names.slice(0, MAX_NAMED).join(', ')}${more}`,
      );
    await this.#lookAtConfiguration(data.title);
  }

  async #lookAtConfiguration(title: string): Promise<void> {
    const before = this.#configuration;
    const now = await this.#readConfiguration();
    if (before === undefined || now === undefined || before.stamp === now.stamp) return;
    const changed = await changedSettings(this.#git, this.#run.cwd, before, now);
    if (changed.length > 0)
      this.#tell(`While “${title}” ran, git's configuration of the repository changed: ${changed.join(', ')}`);
  }

  async #readConfiguration(): Promise<GitConfiguration | undefined> {
    // Git's own folder for this worktree is `<common directory>/worktrees/<name>`. Where the link is gone, the last one that was found counts.
    this.#administrativeDirectory = (await readLink(this.#run.cwd)) ?? this.#administrativeDirectory;
    if (this.#administrativeDirectory === undefined) return undefined;
    this.#configuration = await readConfiguration(dirname(dirname(this.#administrativeDirectory)), this.#run.sessionId);
    return this.#configuration;
  }

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
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

  /** Also by a link that leads out of the worktree, or one that leads into it. */
  async #isOutside(path: string): Promise<boolean> {
    // Merely looking at such a path logs in there, on Windows.
    if (path.startsWith('\\\\')) return true;
    return !isInside(await realAncestor(path), this.#run.cwd);
  }

  /** What changed at a path since a moment: the file itself, what is gone, or files of the main checkout in a folder. */
  async #changedSince(path: string, wasThere: boolean, atMs: number, result: number): Promise<string[]> {
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined) return wasThere ? [path] : [];
    if (!stats.isDirectory()) return stats.ctimeMs >= atMs ? [path] : [];
    const main = this.#mainWorktree;
    if (!isInside(path, main) && !isInside(main, path)) return stats.ctimeMs >= atMs ? [path] : [];
    const changed: string[] = [];
    for (const line of await this.#checkoutAfter(result)) {
      const file = line.slice(3);
      const found = await lstat(pathFromBytes(main, file)).catch(() =>
        lstat(dirname(join(main, pathToText(file)))).catch(() => undefined),
      );
      if (found !== undefined && found.ctimeMs >= atMs) changed.push(join(main, pathToText(file)));
    }
    return changed;
  }

  /** What git says of the main checkout, asked after that result. It can take long, so whoever waited meanwhile shares one answer. */
  async #checkoutAfter(result: number): Promise<string[]> {
    if (this.#checkout === undefined || this.#checkout.resultCount < result) {
      const resultCount = this.#resultCount;
      const question = ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all'];
      const { stdout } = await this.#git.run(this.#mainWorktree, question, { signal: this.#abort.signal });
      this.#checkout = { lines: splitZ(stdout), resultCount };
    }
    return this.#checkout.lines;
  }
}

/** The path with every link above it resolved, as far as it exists. */
async function realAncestor(path: string): Promise<string> {
  for (let ancestor = path; ; ancestor = dirname(ancestor)) {
    const real = await realpath(ancestor).catch(() => undefined);
    if (real !== undefined) return join(real, relative(ancestor, path));
    if (dirname(ancestor) === ancestor) return join(dirname(path), basename(path));
  }
}

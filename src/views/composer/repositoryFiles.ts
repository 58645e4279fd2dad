import { EventLoopTurn } from '../../common/eventLoopTurn';
import type { Git } from '../../supervisor/git/git';

/** A list is read again when it is older than this: an agent or a person makes new files all the time. */
const FRESH_MS = 10_000;
/** Lists of so many folders are kept. */
const MAX_FOLDERS = 3;
/** So many files are compared; a repository with more is known by its first ones. */
const MAX_FILES = 500_000;
const MAX_FOUND = 50;
/** How well a path fits: 0 is best. */
const RANKS = 5;

interface FileList {
  readMs: number;
  paths: Promise<readonly string[]>;
}

/** Files of repositories that git knows or does not ignore, to be named in a prompt. */
export class RepositoryFiles {
  readonly #git: Pick<Git, 'run'>;
  readonly #lists = new Map<string, FileList>();
  #search: AbortController | undefined;

  constructor(git: Pick<Git, 'run'>) {
    this.#git = git;
  }

  /**
   * Paths below the folder, with `/`, the best first. A later search ends an earlier one, which then finds nothing.
   * @throws what git says
   */
  async find(folder: string, text: string): Promise<string[]> {
    this.#search?.abort();
    const search = new AbortController();
    this.#search = search;
    return await rankPaths(await this.#list(folder), text, search.signal);
  }

  #list(folder: string): Promise<readonly string[]> {
    const known = this.#lists.get(folder);
    if (known !== undefined && Date.now() - known.readMs < FRESH_MS) return known.paths;
    const reading = this.#read(folder);
    // Until the new list is there, the old one serves.
    const paths = known === undefined ? reading : reading.catch(async () => await known.paths);
    this.#lists.delete(folder);
    this.#lists.set(folder, { readMs: Date.now(), paths });
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > MAX_FOLDERS && oldest !== undefined) this.#lists.delete(oldest);
    reading.catch(() => this.#lists.delete(folder));
    return known?.paths ?? paths;
  }

  async #read(folder: string): Promise<string[]> {
    const options = ['-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
    const { stdout } = await this.#git.run(folder, ['ls-files', ...options]);
    const paths: string[] = [];
    const turn = new EventLoopTurn();
    for (let start = 0; start < stdout.length && paths.length < MAX_FILES;) {
      const end = stdout.indexOf(0, start);
      paths.push(stdout.toString('utf8', start, end));
      start = end + 1;
      if (turn.isOver) await turn.end();
    }
    return paths;
  }
}

/** The paths that fit a text, the best first; none where `signal` was aborted. */
export async function rankPaths(paths: readonly string[], text: string, signal: AbortSignal): Promise<string[]> {
  const wanted = text.toLowerCase();
  const ranked = Array.from({ length: RANKS }, (): string[] => []);
  const turn = new EventLoopTurn();
  for (const path of paths) {
    const fits = ranked[rankOf(path.toLowerCase(), wanted)];
    // A list that is much longer than what is shown is sorted now and then, and its end dropped.
    if (fits?.push(path) === MAX_FOUND * 20) fits.sort(compare).splice(MAX_FOUND);
    if (turn.isOver) await turn.end();
    if (signal.aborted) return [];
  }
  return ranked.flatMap((fits) => fits.sort(compare)).slice(0, MAX_FOUND);
}

/** `RANKS` for a path that does not fit. */
function rankOf(path: string, wanted: string): number {
  const name = path.lastIndexOf('/') + 1;
  if (path.startsWith(wanted, name)) return 0;
  if (path.startsWith(wanted)) return 1;
  if (path.includes(wanted, name)) return 2;
  if (path.includes(wanted)) return 3;
  return hasInOrder(path, wanted) ? 4 : RANKS;
}

/** True where the characters stand in the path in this order, with others between them. */
function hasInOrder(path: string, wanted: string): boolean {
  let at = -1;
  for (const character of wanted) {
    at = path.indexOf(character, at + 1);
    if (at < 0) return false;
  }
  return true;
}

function compare(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1);
}

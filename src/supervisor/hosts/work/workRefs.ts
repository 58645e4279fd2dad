import { CorralError } from '../../../storage/errors';
import type { Git } from '../../git/git';
import { isAncestor, type IsolatedGit } from '../../git/isolated/isolatedGit';
import type { Repository } from '../../git/repository';

const MAX_ATTEMPTS = 5;

/** The ids of commits; undefined where there is no such ref. */
export interface RefValues {
  own: string | undefined;
  kept: string | undefined;
}

/** The two refs here that the work of a session on a host moves. */
export class WorkRefs {
  /** What came last. */
  readonly kept: string;
  readonly #own: string;
  readonly #git: Git;
  readonly #repository: Repository;

  /** `own` is the session's ref. */
  constructor(repository: Repository, { git, own, kept }: { git: Git; own: string; kept: string }) {
    this.#repository = repository;
    this.#git = git;
    this.#own = own;
    this.kept = kept;
  }

  async read(): Promise<RefValues> {
    const listing = ['for-each-ref', '--format=%(refname) %(objectname)', this.#own, this.kept];
    const lines = (await this.#git.text(this.#repository.mainWorktree, listing)).split('\n');
    const valueOf = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
    return { own: valueOf(this.#own), kept: valueOf(this.kept) };
  }

  /**
   * Moves `kept` to the commit, and without `isApart` the session's ref where the commit follows it: both at once, from
   * what they were `before`. Undefined where the two have parted; `git` compares them.
   */
  async moveForward(
    git: IsolatedGit,
    before: RefValues,
    commit: string,
    { isApart, signal }: { isApart: boolean; signal: AbortSignal | undefined },
  ): Promise<{ commit: string; before: string | undefined } | undefined> {
    for (let [attempt, values] = [1, before]; ; attempt++) {
      const { own, kept } = values;
      const isForward = !isApart && (own === undefined || (await isAncestor(git, own, commit)));
      const input = [...updateOf(this.kept, commit, kept), ...(isForward ? updateOf(this.#own, commit, own) : [])].join(
        '',
      );
      try {
        if (input !== '')
          await this.#git.run(this.#repository.mainWorktree, ['update-ref', '--stdin'], { input, signal });
        if (isForward) return { commit, before: own };
        if (isApart || own === undefined) return { commit: own ?? commit, before: own };
        return (await isAncestor(git, commit, own)) ? { commit: own, before: own } : undefined;
      } catch (error) {
        // Another window fetches at the same time.
        if (!(error instanceof CorralError && error.code === 'CONFLICT') || attempt === MAX_ATTEMPTS) throw error;
        values = await this.read();
      }
    }
  }
}

function updateOf(name: string, commit: string, before: string | undefined): string[] {
  return before === commit ? [] : [`update ${name} ${commit} ${before ?? '0'.repeat(commit.length)}\n`];
}

import type { SessionRequest } from '../../supervisor/api';
import type { Place } from '../hosts/place';

/** What makes a session's worktree ready before the session is made. */
export interface PreparingSource {
  prepareSession(request: Pick<SessionRequest, 'repository' | 'base'>): Promise<void>;
}

/** Makes ready what a session needs while its prompt is written: once for each base, as that happens at every key. */
export class SessionPreparer {
  readonly #source: PreparingSource;
  #last: string | undefined;

  constructor(source: PreparingSource) {
    this.#source = source;
  }

  /** Goes on in the background. Where it cannot be, only the start of the session takes longer. */
  prepare(repository: string, { base: { revision }, where }: { base: { revision: string }; where: Place }): void {
    const key = `${repository}\0${revision}`;
    // A host makes its worktrees itself.
    if (key === this.#last || where.kind !== 'here') return;
    this.#last = key;
    void this.#source.prepareSession({ repository, base: revision }).catch(() => undefined);
  }

  /** To be called when the session was made: the next one needs a worktree of its own. */
  reset(): void {
    this.#last = undefined;
  }
}

import type { SessionSummary } from '../../../supervisor/api';

/** Knows below which sessions a session has a row, so that those are painted again with it. */
export class TreeRelations {
  /** How each session looks below others. */
  readonly #looks = new Map<string, string>();
  /** By session: those that its agent started. */
  readonly #children = new Map<string, Set<string>>();

  /** The ids of the sessions below which it looks different now. */
  note(session: SessionSummary): string[] {
    const { id, title, state, deleted, needsInput, restored, unreachable, startedBy, dependsOn = [] } = session;
    const look = JSON.stringify([title, state, deleted, needsInput, restored, unreachable !== undefined, dependsOn]);
    if (this.#looks.get(id) === look) return [];
    this.#looks.set(id, look);
    const parent = startedBy?.sessionId;
    if (parent === undefined) return [...dependsOn, ...this.#childrenOf(id)];
    this.#children.set(parent, new Set([...this.#childrenOf(parent), id]));
    return [parent, ...dependsOn, ...this.#childrenOf(id)];
  }

  /** The same for a session that is gone. */
  forget({ id, startedBy, dependsOn = [] }: SessionSummary): string[] {
    this.#looks.delete(id);
    const parent = startedBy?.sessionId;
    if (parent !== undefined) this.#children.get(parent)?.delete(id);
    return [...(parent === undefined ? [] : [parent]), ...dependsOn, ...this.#childrenOf(id)];
  }

  #childrenOf(id: string): ReadonlySet<string> {
    return this.#children.get(id) ?? new Set();
  }
}

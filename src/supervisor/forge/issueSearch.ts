import { setTimeout as delay } from 'node:timers/promises';
import type { IssueKind } from '../../storage/issueReference';
import type { Forge, ListedIssue } from './forge';

const PAUSE_MS = 250;

export interface FoundIssues {
  issues: readonly ListedIssue[];
  isSearching: boolean;
  /** Why the last search found nothing. */
  failure?: unknown;
}

/** Finds issues while a person types: the search for a text ends that for the text before. */
export class IssueSearch {
  readonly #forge: Pick<Forge, 'list' | 'find'>;
  readonly #kind: IssueKind;
  readonly #show: (found: FoundIssues) => void;
  #running = new AbortController();
  #issues: readonly ListedIssue[] = [];

  /** `show` hears of each search when it begins and when it is done, but for those that another one ended. */
  constructor(forge: Pick<Forge, 'list' | 'find'>, kind: IssueKind, show: (found: FoundIssues) => void) {
    this.#forge = forge;
    this.#kind = kind;
    this.#show = show;
  }

  /** Settles when the search is done, or was ended by the next one. */
  async search(typed: string): Promise<void> {
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#show({ issues: this.#issues, isSearching: true });
    try {
      // People type faster than a forge answers, and it lets them ask only so often.
      if (typed !== '') await delay(PAUSE_MS, undefined, { signal });
      this.#issues = await this.#find(typed.trim(), signal);
      if (!signal.aborted) this.#show({ issues: this.#issues, isSearching: false });
    } catch (failure) {
      if (!signal.aborted) this.#show({ issues: [], isSearching: false, failure });
    }
  }

  end(): void {
    this.#running.abort();
  }

  async #find(typed: string, signal: AbortSignal): Promise<ListedIssue[]> {
    const number = /^[#!]?([1-9]\d{0,8})$/.exec(typed)?.[1];
    const [numbered, listed] = await Promise.all([
      number === undefined ? undefined : this.#forge.find(this.#kind, Number(number), signal),
      this.#forge.list(this.#kind, number ?? typed, signal),
    ]);
    return numbered === undefined ? listed : [numbered, ...listed.filter((each) => each.number !== numbered.number)];
  }
}

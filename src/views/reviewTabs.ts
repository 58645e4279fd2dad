import * as v from 'valibot';

const KEY = 'corral.reviewTabs';
/** Reviews whose sessions are known; nobody has more tabs open. */
const MAX_KEPT = 100;
const keptSchema = v.array(v.tuple([v.string(), v.string()]));

/** What keeps a workspace's values, also over a reload of its window. */
interface Memento {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

/**
 * Sessions by the titles of their reviews: VS Code often does not tell which files such a tab compares, and opens it
 * again after a reload.
 */
const sessionsByTitle = new Map<string, string>();
let memento: Memento | undefined;

/** Brings back what is known of reviews that were open before, and keeps what comes. */
export function keepReviews(values: Memento): void {
  memento = values;
  const kept = v.safeParse(keptSchema, values.get(KEY));
  for (const [title, sessionId] of kept.success ? kept.output : []) sessionsByTitle.set(title, sessionId);
}

/** Call it before a review opens in a tab with this title. */
export function rememberReview(title: string, sessionId: string): void {
  sessionsByTitle.delete(title); // the latest come last
  sessionsByTitle.set(title, sessionId);
  void memento?.update(KEY, [...sessionsByTitle].slice(-MAX_KEPT));
}

/** The session of a review's tab, whose label begins with the review's title. */
export function sessionOfReview(label: string): string | undefined {
  const [longest] = [...sessionsByTitle.keys()]
    .filter((title) => label.startsWith(title))
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : sessionsByTitle.get(longest);
}

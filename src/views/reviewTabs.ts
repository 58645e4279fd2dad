/** Sessions by the titles of their reviews: VS Code often does not tell which files such a tab compares. */
const sessionsByTitle = new Map<string, string>();

/** Call it before a review opens in a tab with this title. */
export function rememberReview(title: string, sessionId: string): void {
  sessionsByTitle.set(title, sessionId);
}

/** The session of a review's tab, whose label begins with the review's title. */
export function sessionOfReview(label: string): string | undefined {
  const [longest] = [...sessionsByTitle.keys()]
    .filter((title) => label.startsWith(title))
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : sessionsByTitle.get(longest);
}

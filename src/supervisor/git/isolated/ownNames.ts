/** Names that git keeps for its own files, and refuses for others. */

/** True for `.gitmodules` as any system writes it (git's `verify_path`), and for names that look like it. */
export function mayBeGitmodules(path: string): boolean {
  const name = path.toLowerCase();
  if (name.includes('gitmod') || name.includes('gi7eba')) return true;
  return hasLetters(name, ['.g', 'i', 't', 'm', 'o', 'd']);
}

/** True for a path that git may leave out of a tree, as any system writes it. Many more than it does. */
export function mayBeRefused(path: string): boolean {
  if (mayBeGitmodules(path) || /(^|\/)(\.git|\.|\.\.|)(\/|$)|[~\\:]/i.test(path)) return true;
  return /[^ -~]/.test(path) && hasLetters(path.toLowerCase(), ['.g', 'i', 't']);
}

/** One part after the other: an expression would try them in all ways, in names that an agent chooses. */
function hasLetters(name: string, parts: readonly string[]): boolean {
  let at = -1;
  for (const part of parts) {
    at = name.indexOf(part, at + 1);
    if (at === -1) return false;
  }
  return true;
}

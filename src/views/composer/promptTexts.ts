/** How the window's texts, problems and files are written into a prompt. Agents read it, so it is in English. */

export interface TextPlace {
  /** As the agent finds it from its folder. */
  path: string;
  /** The first and last line, from 1. */
  firstLine: number;
  lastLine: number;
  language: string;
  text: string;
}

export interface ProblemText {
  message: string;
  /** Such as `ts 2304`; '' where nothing names it. */
  name: string;
}

/** A text of a file with its lines, to say below what should happen with it. */
export function selectionPrompt(place: TextPlace): string {
  return `In ${placeName(place)}:\n\n${codeBlock(place)}\n\n`;
}

/** Problems of a part of a file, with its lines. */
export function problemPrompt(place: TextPlace, problems: readonly ProblemText[]): string {
  const what = problems.length === 1 ? 'this problem' : 'these problems';
  const listed = problems.map(({ message, name }) => `- ${message}${name === '' ? '' : ` (${name})`}`);
  return `Fix ${what} in ${placeName(place)}:\n\n${listed.join('\n')}\n\n${codeBlock(place)}\n`;
}

/** Files and folders, to say below what should happen with them. */
export function filesPrompt(paths: readonly string[]): string {
  const [only] = paths;
  return only !== undefined && paths.length === 1 ? `In ${only}: ` : `In these files:\n\n${list(paths)}\n\n`;
}

/** Files with uncommitted changes, which the agent has in its worktree. */
export function changesPrompt(paths: readonly string[]): string {
  if (paths.length === 0) return 'With my uncommitted changes: ';
  return `My uncommitted changes are in:\n\n${list(paths)}\n\n`;
}

function placeName({ path, firstLine, lastLine }: TextPlace): string {
  return firstLine === lastLine ? `${path}, line ${firstLine}` : `${path}, lines ${firstLine}–${lastLine}`;
}

/** The fence is longer than any in the text, so that it ends where the text does. */
function codeBlock({ language, text }: TextPlace): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`;
}

const list = (paths: readonly string[]): string => paths.map((path) => `- ${path}`).join('\n');

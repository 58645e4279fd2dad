/** A comment on lines of a file of the session. */
export interface ReviewComment {
  /** Relative to the worktree, with `/`. */
  path: string;
  /** Counted from 1; both are the same for a comment on one line. */
  firstLine: number;
  lastLine: number;
  /** Those lines as they were when the comment was written. */
  quoted: string;
  text: string;
}

const MAX_QUOTED_LINES = 12;

/** All comments as one message to the agent: by file and line, each with the lines that it is about. */
export function reviewMessage(comments: readonly ReviewComment[]): string {
  const sorted = [...comments].sort((a, b) => a.path.localeCompare(b.path) || a.firstLine - b.firstLine);
  const parts = sorted.map(({ path, firstLine, lastLine, quoted, text }, index) => {
    const place = firstLine === lastLine ? `line ${firstLine}` : `lines ${firstLine} to ${lastLine}`;
    const lines = quoted.split(/\r?\n/);
    const shown = [...lines.slice(0, MAX_QUOTED_LINES), ...(lines.length > MAX_QUOTED_LINES ? ['…'] : [])];
    return `${index + 1}. ${path}, ${place}:\n${shown.map((line) => `   > ${line}`).join('\n')}\n   ${text.trim().replaceAll('\n', '\n   ')}`;
  });
  return `I have reviewed your changes. Please work through ${comments.length === 1 ? 'this remark' : `these ${comments.length} remarks`}:\n\n${parts.join('\n\n')}`;
}

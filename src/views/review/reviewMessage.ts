/** A remark of a reviewer's, on lines of a file of the session. */
export interface ReviewRemark {
  /** Relative to the worktree, with `/`. */
  path: string;
  /** Counted from 1; both are the same for a remark on one line. */
  firstLine: number;
  lastLine: number;
  /** Those lines as they were when the remark was made. */
  quoted: string;
  text: string;
}

const MAX_QUOTED_LINES = 12;

/** All remarks as one follow-up to the agent: by file and line, each with the lines that it is about. */
export function reviewMessage(remarks: readonly ReviewRemark[]): string {
  const sorted = [...remarks].sort((a, b) => a.path.localeCompare(b.path) || a.firstLine - b.firstLine);
  const parts = sorted.map(({ path, firstLine, lastLine, quoted, text }, index) => {
    const place = firstLine === lastLine ? `line ${firstLine}` : `lines ${firstLine} to ${lastLine}`;
    const lines = quoted.split(/\r?\n/);
    const shown = [...lines.slice(0, MAX_QUOTED_LINES), ...(lines.length > MAX_QUOTED_LINES ? ['…'] : [])];
    return `${index + 1}. ${path}, ${place}:\n${shown.map((line) => `   > ${line}`).join('\n')}\n   ${text.trim().replaceAll('\n', '\n   ')}`;
  });
  return `I have reviewed your changes. Please work through ${remarks.length === 1 ? 'this remark' : `these ${remarks.length} remarks`}:\n\n${parts.join('\n\n')}`;
}

import { lexer } from 'marked';
import type { Token } from 'marked';
import type { DiffPart } from './diffWords';
import { formatHunk } from './diffWords';
import type { HighlightedNode } from './highlighter';
import { highlight } from './highlighter';

/** What each kind of text becomes. */
export interface Formatted {
  markdown: readonly Token[];
  code: readonly HighlightedNode[];
  /** The parts of each line of a hunk. */
  hunk: readonly (readonly DiffPart[])[];
}

/** A text to be formatted. Markdown has no `language`. */
export interface FormatJob<K extends keyof Formatted = keyof Formatted> {
  kind: K;
  language?: string;
  text: string;
}

/** The page renders no deeper code: rendering is recursive. */
const MAX_CODE_DEPTH = 50;
/** Each becomes an element of the page. */
const MAX_CODE_NODES = 10_000;

/** Undefined where the text is to be shown as it is: in an unknown language, or too complicated for a page. */
export function format(job: FormatJob): Formatted[keyof Formatted] | undefined {
  try {
    if (job.kind === 'markdown') return lexer(job.text, { gfm: true, breaks: true });
    if (job.kind === 'hunk') {
      const lines = formatHunk(job.language ?? '', job.text);
      return lines.reduce((sum, parts) => sum + parts.length, 0) > MAX_CODE_NODES ? undefined : lines;
    }
    const nodes = highlight(job.language ?? '', job.text);
    return nodes === undefined || isTooMuch(nodes) ? undefined : nodes;
  } catch {
    return undefined; // nested too deeply for the parser
  }
}

function isTooMuch(nodes: readonly HighlightedNode[]): boolean {
  let count = 0;
  let level = nodes;
  for (let depth = 0; level.length > 0; depth++) {
    count += level.length;
    if (depth > MAX_CODE_DEPTH || count > MAX_CODE_NODES) return true;
    level = level.flatMap((node) => (node.type === 'element' ? (node.children as HighlightedNode[]) : []));
  }
  return false;
}

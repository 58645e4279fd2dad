import type { StyledText } from './ansi';

/** The number of lines of the text, counted up to `limit`. A line end at the end of the text begins no line. */
export function countLines(text: string, limit: number): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < text.length - 1 && lines < limit; at = text.indexOf('\n', at + 1))
    lines++;
  return lines;
}

/** The first `count` lines, without the last one's end. */
export function firstLines(text: string, count: number): string {
  let end = -1;
  for (let line = 0; line < count; line++) {
    end = text.indexOf('\n', end + 1);
    if (end === -1) return text;
  }
  return text.slice(0, end);
}

/** The last `count` lines. */
export function lastLines(parts: readonly StyledText[], count: number): StyledText[] {
  const last: StyledText[] = [];
  let lines = 0;
  for (const [index, { text, classes }] of [...parts.entries()].reverse()) {
    const isEnd = index === parts.length - 1;
    for (
      let at = text.lastIndexOf('\n', isEnd ? text.length - 2 : undefined);
      at !== -1;
      at = lineEndBefore(text, at)
    ) {
      lines++;
      if (lines < count) continue;
      return [{ text: text.slice(at + 1), classes }, ...last];
    }
    last.unshift({ text, classes });
  }
  return last;
}

function lineEndBefore(text: string, at: number): number {
  return at === 0 ? -1 : text.lastIndexOf('\n', at - 1);
}

/** A part of a text that can be completed: from `start` to the caret at `end`. */
export interface CompletionQuery {
  kind: 'file' | 'command';
  /** What was typed behind the `@` or `/`. */
  text: string;
  start: number;
  end: number;
}

/** What could be completed at the caret: `@` behind a space or at the start, `/` at the very start. */
export function completionAt(text: string, caret: number): CompletionQuery | undefined {
  const before = text.slice(0, caret);
  const command = /^\/([^\s/]*)$/.exec(before)?.[1];
  if (command !== undefined) return { kind: 'command', text: command, start: 0, end: caret };
  const file = /(?:^|[\s([{"'`])@([^\s@"'`]*)$/.exec(before)?.[1];
  return file === undefined ? undefined : { kind: 'file', text: file, start: caret - file.length - 1, end: caret };
}

/** What is written for a file: its path, in quotes where a space would end it. */
export function mention(path: string): string {
  return /\s/.test(path) ? `"${path}"` : path;
}

/** The text with `inserted` in the place of the query and a space behind it, and where the caret stands then. */
export function complete(text: string, query: CompletionQuery, inserted: string): { text: string; caret: number } {
  const rest = text.slice(query.end);
  const gap = /^\s/.test(rest) ? '' : ' ';
  return {
    text: `${text.slice(0, query.start)}${inserted}${gap}${rest}`,
    caret: query.start + inserted.length + 1,
  };
}

/** The commands that begin with the text, then those that hold it, whatever the case. */
export function matchingCommands<C extends { name: string }>(commands: readonly C[], text: string): C[] {
  const wanted = text.toLowerCase();
  const places = commands.map((command) => ({ command, at: command.name.toLowerCase().indexOf(wanted) }));
  return [...places.filter(({ at }) => at === 0), ...places.filter(({ at }) => at > 0)].map(({ command }) => command);
}

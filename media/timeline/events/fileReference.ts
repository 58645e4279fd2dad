/** A path with a folder or a line, whose last part has an extension; what else stands in backticks is seldom a file. */
const FILE_REFERENCE =
  /^(?=.*[/\\:])((?:[A-Za-z]:[/\\])?[^\s:*?"<>|]*[^\s:*?"<>|/\\]\.[A-Za-z][A-Za-z0-9]{0,9})(?::(\d{1,7})(?::\d+)?)?$/;

/** The file that a text names, if that is all it does. */
export function parseFileReference(text: string): { path: string; line: number | undefined } | undefined {
  const [, path, line] = FILE_REFERENCE.exec(text) ?? [];
  return path === undefined ? undefined : { path, line: line === undefined ? undefined : Number(line) };
}

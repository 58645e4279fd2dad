/** A path with a folder or a line number whose last part has an extension; other text in backticks is seldom a file. */
const FILE_REFERENCE =
  /^(?=.*[/\\:])((?:[A-Za-z]:[/\\])?[^\s:*?"<>|]*[^\s:*?"<>|/\\]\.[A-Za-z][A-Za-z0-9]{0,9})(?::(\d{1,7})(?::\d+)?)?$/;

/** The file and line that the text refers to, or undefined if it is anything but a file reference. */
export function parseFileReference(text: string): { path: string; line: number | undefined } | undefined {
  const [, path, line] = FILE_REFERENCE.exec(text) ?? [];
  return path === undefined ? undefined : { path, line: line === undefined ? undefined : Number(line) };
}

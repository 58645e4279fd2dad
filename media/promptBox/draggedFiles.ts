/** What VS Code names its files by when they are dragged. */
const URI_LISTS = ['application/vnd.code.uri-list', 'text/uri-list'];

/** Files that are dragged from VS Code, by their addresses, or from outside; undefined where no file is dragged. */
export function draggedFiles(data: DataTransfer | null): { uris: string[]; files: File[] } | undefined {
  if (data === null) return undefined;
  const uris = URI_LISTS.map((type) => data.getData(type)).find((list) => list !== '') ?? '';
  const addresses = uris.split(/\r?\n/).filter((uri) => /^(file|vscode-remote):/.test(uri));
  const files = [...data.files];
  return addresses.length + files.length === 0 ? undefined : { uris: addresses, files };
}

/** Files on the clipboard. Programs that copy a text with a picture of it are asked for the text alone. */
export function pastedFiles(data: DataTransfer | null): File[] {
  return data === null || data.getData('text/plain') !== '' ? [] : [...data.files];
}

import { URI } from 'vscode-uri';

/** An absolute path from a path or a URI: other extensions and VS Code speak of folders in URIs. */
export function pathOf(folder: string): string {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(folder) ? URI.parse(folder).fsPath : folder;
}

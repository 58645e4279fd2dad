import { URI } from 'vscode-uri';

/** The absolute path of a folder that other extensions or VS Code may have named by a URI. */
export function pathOf(folder: string): string {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(folder) ? URI.parse(folder).fsPath : folder;
}

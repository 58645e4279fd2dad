import * as vscode from 'vscode';

/** Files of a scheme of ours that never change, so that they are read and nothing else. */
export abstract class ReadOnlyFiles implements vscode.FileSystemProvider {
  /** Never fired. */
  readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;

  abstract readFile(uri: vscode.Uri): Promise<Uint8Array>;

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: await this.sizeOf(uri) };
  }

  /** In bytes. A provider that knows it without the content tells it more cheaply. */
  protected async sizeOf(uri: vscode.Uri): Promise<number> {
    return (await this.readFile(uri)).length;
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    throw vscode.FileSystemError.FileNotADirectory(uri);
  }
  createDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
  writeFile(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
  delete(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
  rename(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
}

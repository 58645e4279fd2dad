/** Where Corral says what it does. The shape of `vscode.LogOutputChannel`. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

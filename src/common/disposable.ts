/** Something that must be released; has the shape of `vscode.Disposable`. */
export interface Disposable {
  dispose(): void;
}

/** Subscribes a listener; has the shape of `vscode.Event`. */
export type Event<T> = (listener: (event: T) => void) => Disposable;

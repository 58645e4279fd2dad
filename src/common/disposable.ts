/** Something that is to be given back; the shape of `vscode.Disposable`. */
export interface Disposable {
  dispose(): void;
}

/** Subscribes; the shape of `vscode.Event`. */
export type Event<T> = (listener: (event: T) => void) => Disposable;

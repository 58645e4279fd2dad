/**
 * The first rows of a tree, for which VS Code waits and shows its progress. If it got none and was told of them later,
 * it would wait for 200 ms more before it reads them.
 */
export class FirstRows {
  #setKnown: () => void = () => undefined;
  #setRead: () => void = () => undefined;
  readonly #known = new Promise<void>((resolve) => (this.#setKnown = resolve));
  /** Resolves when VS Code has read the rows once, which it does when the view is shown. */
  readonly read = new Promise<void>((resolve) => (this.#setRead = resolve));
  areKnown = false;

  /** There are rows, or it is known that there are none. */
  begin(): void {
    this.areKnown = true;
    this.#setKnown();
  }

  /** To be awaited before VS Code gets the rows. */
  async wait(): Promise<void> {
    await this.#known;
    setImmediate(this.#setRead); // when VS Code has them
  }
}

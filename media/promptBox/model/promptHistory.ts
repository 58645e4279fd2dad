/** Goes back and forth through what was sent before, as a shell does, from an empty box. */
export class PromptHistory {
  readonly #read: () => Promise<readonly string[] | undefined>;
  #texts: readonly string[] = [];
  /** The text that is shown; -1 where none is. */
  #shown = -1;

  /** `read` gives the texts, the latest first. */
  constructor(read: () => Promise<readonly string[] | undefined>) {
    this.#read = read;
  }

  /** True where the arrows go through the history: the box is empty, or shows a text of it unchanged. */
  takes(text: string): boolean {
    return this.#isShown(text) || text === '';
  }

  /** The text before the one that is shown; undefined where there is none. */
  async older(text: string): Promise<string | undefined> {
    if (!this.#isShown(text)) {
      this.#shown = -1;
      this.#texts = (await this.#read()) ?? [];
    }
    const older = this.#texts[this.#shown + 1];
    if (older !== undefined) this.#shown += 1;
    return older;
  }

  /** The text after the one that is shown, at last an empty one; undefined where none is shown. */
  newer(text: string): string | undefined {
    if (!this.#isShown(text)) return undefined;
    this.#shown -= 1;
    return this.#texts[this.#shown] ?? '';
  }

  #isShown(text: string): boolean {
    return text !== '' && this.#texts[this.#shown] === text;
  }
}

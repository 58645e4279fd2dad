import * as l10n from '@vscode/l10n';
import { formatSize } from '../../shared/numbers';
import type {
  DraftAttachment,
  PromptDraft,
  PromptMethod,
  PromptParameters,
  PromptResult,
} from '../../../src/protocol/promptProtocol';
import type { CompletionQuery } from './completion';
import { matchingCommands, mention } from './completion';
import { PromptHistory } from './promptHistory';

const SAVE_DELAY_MS = 200;
const MAX_COMPLETIONS = 50;

/** Asks the extension; undefined where that failed, once the page has been told why. */
export type AskPrompt = <M extends PromptMethod>(
  method: M,
  parameters: PromptParameters<M>,
) => Promise<PromptResult<M> | undefined>;

export interface PromptModelContext {
  ask: AskPrompt;
  fail: (message: string) => void;
  changed: () => void;
  /** A larger file is refused. */
  maxAttachedBytes: number;
}

/** A file as a browser has it. */
export interface BrowserFile {
  readonly name: string;
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface Completion {
  /** What is written into the text. */
  inserted: string;
  label: string;
  detail?: string;
}

/** What a person writes and attaches, before it is sent. */
export class PromptModel {
  readonly history: PromptHistory;
  readonly #context: PromptModelContext;
  readonly #thumbnails = new Map<string, string>();
  #text: string;
  #attachments: readonly DraftAttachment[] = [];
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  /** Files that are on their way to the extension. */
  #attaching = 0;
  #isFocusWanted = false;

  constructor(text: string, context: PromptModelContext) {
    this.#text = text;
    this.#context = context;
    this.history = new PromptHistory(async () => (await context.ask('history', {}))?.texts);
  }

  get text(): string {
    return this.#text;
  }

  get attachments(): readonly DraftAttachment[] {
    return this.#attachments;
  }

  get isAttaching(): boolean {
    return this.#attaching > 0;
  }

  get isEmpty(): boolean {
    return this.#text.trim() === '';
  }

  /** Has the box take the keyboard once it is painted. */
  focus(): void {
    this.#isFocusWanted = true;
    this.#context.changed();
  }

  /** True once after each wish. */
  takeFocus(): boolean {
    const isWanted = this.#isFocusWanted;
    this.#isFocusWanted = false;
    return isWanted;
  }

  /** Takes what is kept. A text that is here already stays. */
  async load(): Promise<void> {
    const draft = await this.#context.ask('draft', {});
    if (draft !== undefined) this.show(this.#text === '' ? draft : { ...draft, text: this.#text });
  }

  /** Shows a draft that is kept. */
  show({ text, attachments }: PromptDraft): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    this.#text = text;
    this.#showAttachments(attachments);
  }

  set(text: string): void {
    this.#text = text;
    this.#saveTimer ??= setTimeout(() => this.save(), SAVE_DELAY_MS);
    this.#context.changed();
  }

  /** Has the text kept now, since the page may go. */
  save(): void {
    if (this.#saveTimer === undefined) return;
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    void this.#context.ask('saveDraft', { text: this.#text });
  }

  /** Empties the box, whose content is being sent. */
  clear(): void {
    this.set('');
    this.save();
    this.#showAttachments([]);
  }

  /** Puts a text that could not be sent before what was typed since. */
  async restore(text: string): Promise<void> {
    this.set(this.#text === '' ? text : `${text}\n${this.#text}`);
    this.save();
    this.#showAttachments((await this.#context.ask('draft', {}))?.attachments ?? this.#attachments);
  }

  /** Attaches files that come with their bytes. */
  async attach(files: readonly BrowserFile[]): Promise<void> {
    for (const file of files) {
      const { name, size } = file;
      const most = this.#context.maxAttachedBytes;
      if (size > most) {
        this.#context.fail(
          l10n.t('“{0}” has {1}; a file can have {2} at most.', name, formatSize(size), formatSize(most)),
        );
        continue;
      }
      await this.#attachWith(async () => {
        const base64 = toBase64(new Uint8Array(await file.arrayBuffer()));
        return await this.#context.ask('attachBytes', { name, base64 });
      });
    }
  }

  /** Attaches files that were dropped, by their addresses; those of the repository are named in the text. */
  async attachUris(uris: readonly string[]): Promise<void> {
    await this.#attachWith(() => this.#context.ask('attachFiles', { uris: [...uris] }));
  }

  async chooseFiles(): Promise<void> {
    await this.#attachWith(() => this.#context.ask('chooseFiles', {}));
  }

  async detach(id: string): Promise<void> {
    const kept = await this.#context.ask('detach', { id });
    if (kept !== undefined) this.#showAttachments(kept.attachments);
  }

  /** The address of a picture; undefined until it is known, or where it is not to be shown. */
  thumbnail(id: string): string | undefined {
    const known = this.#thumbnails.get(id);
    if (known !== undefined) return known === '' ? undefined : known;
    this.#thumbnails.set(id, '');
    void this.#context.ask('thumbnail', { id }).then((found) => {
      if (found?.address === undefined) return;
      this.#thumbnails.set(id, found.address);
      this.#context.changed();
    });
    return undefined;
  }

  async completions({ kind, text }: CompletionQuery): Promise<Completion[]> {
    if (kind === 'file') {
      const found = await this.#context.ask('completeFile', { text });
      return (found?.paths ?? []).map((path) => ({
        inserted: mention(path),
        label: path.slice(path.lastIndexOf('/') + 1),
        detail: path.slice(0, Math.max(0, path.lastIndexOf('/'))),
      }));
    }
    const offered = (await this.#context.ask('commands', {}))?.commands ?? [];
    return matchingCommands(offered, text)
      .slice(0, MAX_COMPLETIONS)
      .map(({ name, description }) => ({
        inserted: `/${name}`,
        label: `/${name}`,
        ...(description !== undefined && { detail: description }),
      }));
  }

  async #attachWith(attach: () => Promise<PromptResult<'chooseFiles'> | undefined>): Promise<void> {
    this.save(); // what is attached is kept at once, and the text that it belongs to with it
    this.#attaching += 1;
    this.#context.changed();
    const attached = await attach();
    this.#attaching -= 1;
    if (attached === undefined) {
      this.#context.changed();
      return;
    }
    if (attached.paths.length > 0) {
      const gap = this.#text === '' || /\s$/.test(this.#text) ? '' : ' ';
      this.set(`${this.#text}${gap}${attached.paths.map(mention).join(' ')} `);
    }
    this.#showAttachments(attached.attachments);
  }

  #showAttachments(attachments: readonly DraftAttachment[]): void {
    this.#attachments = attachments;
    this.#context.changed();
  }
}

function toBase64(bytes: Uint8Array): string {
  const PART = 0x80_00; // as many arguments as every engine takes
  let binary = '';
  for (let at = 0; at < bytes.length; at += PART) binary += String.fromCharCode(...bytes.subarray(at, at + PART));
  return btoa(binary);
}

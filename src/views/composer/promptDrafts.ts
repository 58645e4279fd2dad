import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { openRegular } from '../../common/disks/regularFile';
import { pictureFile } from '../../common/pictureFile';
import { readdirIfExists } from '../../common/readdirIfExists';
import { CorralError } from '../../storage/errors';
import { isId, newId } from '../../storage/ids';
import type { DraftAttachment, PromptDraft } from '../../protocol/promptProtocol';
import { pictureAddress } from '../pictureAddress';

const KEY = 'prompt ';
/** The kind and size of a picture stand in its first bytes, but for some photographs. */
const HEAD_BYTES = 256 * 1024;
const MAX_NAME_LENGTH = 100;
/** What some system takes in no name of a file. */
const UNFIT = /[\p{Cc}<>:"/\\|?*]|^\.+/gu;

const storedSchema = v.object({
  text: v.string(),
  attachments: v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      bytes: v.number(),
      isPicture: v.boolean(),
      path: v.string(),
    }),
  ),
});
export type StoredDraft = v.InferOutput<typeof storedSchema>;
export type StoredAttachment = StoredDraft['attachments'][number];
const EMPTY: StoredDraft = { text: '', attachments: [] };

/** Where what was written is kept. */
export interface Values {
  keys(): readonly string[];
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

/** What was written and attached and not sent yet, by the place where it was written. */
export class PromptDrafts {
  readonly #values: Values;
  readonly #folder: string;

  /** `folder` holds the bytes of what was pasted; it may not be there yet. */
  constructor(values: Values, folder: string) {
    this.#values = values;
    this.#folder = folder;
  }

  read(place: string): StoredDraft {
    const parsed = v.safeParse(storedSchema, this.#values.get(KEY + place));
    return parsed.success ? parsed.output : EMPTY;
  }

  async saveText(place: string, text: string): Promise<void> {
    await this.#save(place, { ...this.read(place), text });
  }

  /** Attaches bytes, which are kept in a file. */
  async attachBytes(place: string, name: string, bytes: Buffer): Promise<void> {
    const id = newId();
    const fitName = basename(name).replace(UNFIT, '_').slice(-MAX_NAME_LENGTH) || 'file';
    await mkdir(join(this.#folder, id), { recursive: true, mode: 0o700 });
    const path = join(this.#folder, id, fitName);
    await writeFile(path, bytes, { mode: 0o600 });
    const isShown = pictureFile(bytes) !== undefined;
    await this.#add(place, { id, name: fitName, bytes: bytes.length, isPicture: isShown, path });
  }

  /**
   * Attaches a file where it lies. It is read when the text is sent.
   * @throws INVALID_ARGUMENT where it is no file
   */
  async attachFile(place: string, path: string): Promise<void> {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true)
      throw new CorralError('INVALID_ARGUMENT', l10n.t('{path} is no file that can be attached.', { path }));
    if (this.read(place).attachments.some((each) => each.path === path)) return;
    const name = basename(path);
    await this.#add(place, { id: newId(), name, bytes: found.size, isPicture: await isPicture(path), path });
  }

  async detach(place: string, ids: readonly string[]): Promise<void> {
    const draft = this.read(place);
    await this.#save(place, { ...draft, attachments: draft.attachments.filter(({ id }) => !ids.includes(id)) });
    // Only what was pasted has a folder of its own; a file that a person chose is not ours.
    for (const id of ids.filter(isId)) await rm(join(this.#folder, id), { recursive: true, force: true });
  }

  /** Empties a place; `sent` is what it held when it was sent. */
  async clear(place: string, sent: StoredDraft): Promise<void> {
    const { text } = this.read(place);
    if (text === sent.text) await this.saveText(place, '');
    await this.detach(
      place,
      sent.attachments.map(({ id }) => id),
    );
  }

  /** Carries a draft to another place. What is there already stays there instead. */
  async move(from: string, to: string): Promise<void> {
    if (!isEmpty(this.read(to))) return;
    await this.#save(to, this.read(from));
    await this.#save(from, EMPTY);
  }

  /** The address by which a page shows an attached picture; undefined where it should not. */
  async thumbnail(place: string, id: string): Promise<string | undefined> {
    const attachment = this.read(place).attachments.find((each) => each.id === id);
    if (attachment?.isPicture !== true) return undefined;
    const file = await openRegular(attachment.path).catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      return (await file.stat()).size === attachment.bytes ? pictureAddress(await file.readFile()) : undefined;
    } finally {
      await file.close();
    }
  }

  /** Removes bytes that no draft names any more. */
  async purge(): Promise<void> {
    const named = new Set(
      this.#values
        .keys()
        .filter((key) => key.startsWith(KEY))
        .flatMap((key) => this.read(key.slice(KEY.length)).attachments.map(({ id }) => id)),
    );
    for (const id of await readdirIfExists(this.#folder))
      if (!named.has(id)) await rm(join(this.#folder, id), { recursive: true, force: true });
  }

  async #add(place: string, attachment: StoredAttachment): Promise<void> {
    const draft = this.read(place);
    await this.#save(place, { ...draft, attachments: [...draft.attachments, attachment] });
  }

  async #save(place: string, draft: StoredDraft): Promise<void> {
    await this.#values.update(KEY + place, isEmpty(draft) ? undefined : draft);
  }
}

function isEmpty({ text, attachments }: StoredDraft): boolean {
  return text === '' && attachments.length === 0;
}

/** A draft as a page has it, which knows no paths. */
export function shownDraft({ text, attachments }: StoredDraft): PromptDraft {
  const shown = attachments.map(({ id, name, bytes, isPicture }): DraftAttachment => ({ id, name, bytes, isPicture }));
  return { text, attachments: shown };
}

/** True for a file that is a picture which pages and agents can show. */
export async function isPicture(path: string): Promise<boolean> {
  const file = await openRegular(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return pictureFile(buffer.subarray(0, bytesRead)) !== undefined;
  } finally {
    await file.close();
  }
}

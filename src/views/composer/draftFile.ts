import { readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../common/ifExists';
import { parseJson } from '../../common/lines/jsonLimits';
import { makeDirectory, replaceFile } from '../../storage/journal/durableFile';
import type { Values } from './promptDrafts';

const fileSchema = v.record(v.string(), v.unknown());

/**
 * What was written in a window, in a file that is on the disk when `update` ends. VS Code keeps its own values in
 * memory for seconds first, so that a reload in a browser can lose them.
 */
export class DraftFile implements Values {
  readonly #path: string;
  readonly #values: Map<string, unknown>;
  #written = Promise.resolve();

  private constructor(path: string, values: Map<string, unknown>) {
    this.#path = path;
    this.#values = values;
  }

  /** Begins empty where there is no file. One that cannot be read is kept beside, as `<path>.damaged`. */
  static async open(path: string): Promise<DraftFile> {
    const text = await ifExists(readFile(path, 'utf8'));
    const values = text === undefined ? {} : parse(text);
    if (values === undefined) await rename(path, `${path}.damaged`);
    return new DraftFile(path, new Map(Object.entries(values ?? {})));
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  async update(key: string, value: unknown): Promise<void> {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    const before = this.#written.catch(() => undefined); // told to who made that change
    this.#written = before.then(async () => {
      await makeDirectory(dirname(this.#path));
      await replaceFile(this.#path, Buffer.from(JSON.stringify(Object.fromEntries(this.#values))));
    });
    await this.#written;
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  const parsed = v.safeParse(fileSchema, parseJson(text)?.json);
  return parsed.success ? parsed.output : undefined;
}

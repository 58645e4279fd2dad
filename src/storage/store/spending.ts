/** What sessions use together: one file for each day, and for each tree of sessions, to which runners append lines. */
import { appendFile, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../common/ifExists';
import { parseJson } from '../../common/lines/jsonLimits';
import { readdirIfExists } from '../../common/readdirIfExists';
import { amountsSchema, budgetStepSchema, type Amounts, type Limits } from '../budget';
import { makeDirectory } from '../journal/durableFile';
import type { StorePaths } from '../paths';

/** Files that nothing was appended to for longer are removed. */
const KEPT_DAYS = 31;
const DAY_MS = 24 * 60 * 60 * 1_000;

const lineSchema = v.union([
  /** All that a run has used of it: its last line counts, so that one that is written twice does no harm. */
  v.object({ runId: v.string(), used: amountsSchema }),
  /** A person let sessions go on. */
  v.object({ allowed: budgetStepSchema }),
  /** There was this warning. */
  v.object({ warned: v.string() }),
]);
export type SpendingLine = v.InferOutput<typeof lineSchema>;

export interface SharedUse {
  /** By run. */
  used: ReadonlyMap<string, Amounts>;
  allowed: Limits;
  /** The `warningName` of each warning. */
  warned: ReadonlySet<string>;
}

/** `of` is a local calendar day, or the id of the session at the top of a tree. */
export class Spending {
  readonly #paths: StorePaths;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  /** Durable when this settles. */
  async append(of: string, line: SpendingLine): Promise<void> {
    const path = this.#paths.spendingOf(of);
    await makeDirectory(this.#paths.spending);
    // A line that a crash cut off ends here.
    const file = await open(path, 'a', 0o600);
    try {
      await appendFile(file, `\n${JSON.stringify(line)}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** Lines that cannot be read are left out. */
  async read(of: string): Promise<SharedUse> {
    const text = (await ifExists(readFile(this.#paths.spendingOf(of), 'utf8'))) ?? '';
    const used = new Map<string, Amounts>();
    const allowed: Limits = {};
    const warned = new Set<string>();
    for (const each of text.split('\n')) {
      const parsed = each === '' ? undefined : v.safeParse(lineSchema, parseJson(each)?.json);
      if (parsed?.success !== true) continue;
      const line = parsed.output;
      if ('used' in line) used.set(line.runId, line.used);
      else if ('warned' in line) warned.add(line.warned);
      else allowed[line.allowed.unit] = Math.max(allowed[line.allowed.unit] ?? 0, line.allowed.upTo);
    }
    return { used, allowed, warned };
  }

  async removeOld(nowMs: number): Promise<void> {
    for (const name of await readdirIfExists(this.#paths.spending)) {
      const path = join(this.#paths.spending, name);
      const changedMs = (await ifExists(stat(path)))?.mtimeMs ?? nowMs;
      if (nowMs - changedMs > KEPT_DAYS * DAY_MS) await rm(path, { force: true });
    }
  }
}

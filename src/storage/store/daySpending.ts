/** What all sessions of a store have used on a day: one file for each day, to which their runners append lines. */
import { appendFile, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../common/ifExists';
import { parseJson } from '../../common/lines/jsonLimits';
import { readdirIfExists } from '../../common/readdirIfExists';
import { amountsSchema, budgetStepSchema, type Amounts, type Limits, NOTHING_USED, plus } from '../budget';
import { makeDirectory } from '../journal/durableFile';
import type { StorePaths } from '../paths';

/** Older files are removed. */
const KEPT_DAYS = 31;
const DAY_MS = 24 * 60 * 60 * 1_000;

const lineSchema = v.union([
  /** All that a run has used on the day: its last line counts, so that one that is written twice does no harm. */
  v.object({ runId: v.string(), used: amountsSchema }),
  /** A person let sessions go on. */
  v.object({ allowed: budgetStepSchema }),
  /** There was this warning. */
  v.object({ warned: v.string() }),
]);
export type SpendingLine = v.InferOutput<typeof lineSchema>;

export interface DayUse {
  /** By all runs but the one that asks. */
  usedByOthers: Amounts;
  allowed: Limits;
  /** The `warningName` of each warning. */
  warned: ReadonlySet<string>;
}

export class DaySpending {
  readonly #paths: StorePaths;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  /** Durable when this settles. */
  async append(day: string, line: SpendingLine): Promise<void> {
    const path = this.#paths.spendingOf(day);
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
  async read(day: string, runId: string): Promise<DayUse> {
    const text = (await ifExists(readFile(this.#paths.spendingOf(day), 'utf8'))) ?? '';
    const runs = new Map<string, Amounts>();
    const allowed: Limits = {};
    const warned = new Set<string>();
    for (const each of text.split('\n')) {
      const parsed = each === '' ? undefined : v.safeParse(lineSchema, parseJson(each)?.json);
      if (parsed?.success !== true) continue;
      const line = parsed.output;
      if ('used' in line) runs.set(line.runId, line.used);
      else if ('warned' in line) warned.add(line.warned);
      else allowed[line.allowed.unit] = Math.max(allowed[line.allowed.unit] ?? 0, line.allowed.upTo);
    }
    runs.delete(runId);
    return { usedByOthers: [...runs.values()].reduce(plus, NOTHING_USED), allowed, warned };
  }

  /** Removes the files of days that are long over. */
  async removeOld(nowMs: number): Promise<void> {
    for (const name of await readdirIfExists(this.#paths.spending)) {
      const dayMs = Date.parse(name.replace(/\.jsonl$/, ''));
      if (nowMs - dayMs > KEPT_DAYS * DAY_MS) await rm(join(this.#paths.spending, name), { force: true });
    }
  }
}

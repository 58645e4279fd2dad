import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../common/ifExists';
import { parseJson } from '../../common/lines/jsonLimits';
import { readdirIfExists } from '../../common/readdirIfExists';
import { makeDirectory, replaceFile, TEMPORARY_SUFFIX } from '../journal/durableFile';
import { commandKey, namedCommandSchema, type NamedCommand } from '../namedCommand';
import type { StorePaths } from '../paths';

const askedSchema = v.object({ ...namedCommandSchema.entries, client: v.string() });

/** Something that a person has to allow first, and who wanted it. */
export type AskedCommand = v.InferOutput<typeof askedSchema>;

/** Keeps for all windows that somebody wanted this. */
export async function recordAsked(paths: StorePaths, command: NamedCommand, client: string): Promise<void> {
  await makeDirectory(paths.asked);
  const asked: AskedCommand = { ...command, client };
  await replaceFile(join(paths.asked, commandKey(command)), Buffer.from(JSON.stringify(asked)));
}

/** What anybody ever wanted, answered or not. */
export async function listAsked(paths: StorePaths): Promise<AskedCommand[]> {
  const names = (await readdirIfExists(paths.asked)).filter((name) => !name.endsWith(TEMPORARY_SUFFIX)).sort();
  const asked = [];
  for (const name of names) {
    const text = await ifExists(readFile(join(paths.asked, name), 'utf8'));
    const parsed = v.safeParse(askedSchema, text === undefined ? undefined : parseJson(text)?.json);
    if (parsed.success) asked.push(parsed.output);
  }
  return asked;
}

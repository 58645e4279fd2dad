/** What sessions that were erased here have left on hosts that were away, until it is erased there. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../common/ifExists';
import { parseJson } from '../../common/lines/jsonLimits';
import { readdirIfExists } from '../../common/readdirIfExists';
import { makeDirectory, replaceFile } from '../journal/durableFile';
import type { StorePaths } from '../paths';
import { sessionFactsSchema } from '../sessionFacts';

/** What of a session's facts its host has to be told. */
const remainsSchema = v.object({
  ...v.pick(sessionFactsSchema, ['sessionId', 'baseCommit', 'repository', 'commonDirectory']).entries,
  host: v.unwrap(sessionFactsSchema.entries.host),
  runIds: v.array(v.string()),
});
export type Remains = v.InferOutput<typeof remainsSchema>;

/** Call it before the session is erased here. */
export async function recordRemains(paths: StorePaths, remains: Remains): Promise<void> {
  await makeDirectory(paths.remains);
  await replaceFile(fileOf(paths, remains), Buffer.from(JSON.stringify(remains)));
}

/** A damaged file is passed over: nobody knows what it was about. */
export async function listRemains(paths: StorePaths): Promise<Remains[]> {
  const listed: Remains[] = [];
  for (const name of await readdirIfExists(paths.remains)) {
    const text = await ifExists(readFile(join(paths.remains, name), 'utf8'));
    const parsed = v.safeParse(remainsSchema, parseJson(text ?? '')?.json);
    if (parsed.success && nameOf(parsed.output) === name) listed.push(parsed.output);
  }
  return listed;
}

export async function forgetRemains(paths: StorePaths, remains: Remains): Promise<void> {
  await rm(fileOf(paths, remains), { force: true });
}

function fileOf(paths: StorePaths, remains: Remains): string {
  return join(paths.remains, nameOf(remains));
}

/** A session can have worked on several hosts. */
function nameOf({ sessionId, host }: Remains): string {
  return `${sessionId}-${host.name}`;
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { HostProgram } from './bootstrap';

const manifestSchema = v.object({ version: v.pipe(v.string(), v.regex(/^[\w.+-]+$/)) });

/** The program for hosts among Corral's bundles. */
export async function readHostProgram(bundles: string): Promise<HostProgram> {
  const bytes = await readFile(join(bundles, 'corral-host.js'));
  const { version } = v.parse(manifestSchema, JSON.parse(await readFile(join(bundles, '../package.json'), 'utf8')));
  return { version, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

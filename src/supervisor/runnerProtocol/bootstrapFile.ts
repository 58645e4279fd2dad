import { readRegular } from '../../common/disks/regularFile';
import * as v from 'valibot';
import type { RunPaths } from '../../storage/paths';
import type { RunBootstrap } from './protocol';
import { bootstrapSchema } from './protocol';

/** What a supervisor wrote for the run's runner. Throws where run.json is missing or cannot be read. */
export async function readBootstrap(run: RunPaths): Promise<RunBootstrap> {
  const content: unknown = JSON.parse(await readRegular(run.bootstrap));
  return v.parse(bootstrapSchema, content);
}

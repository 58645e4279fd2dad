/** Whether a run could start on this host now, and live on without a connection. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as v from 'valibot';
import { ifExists } from '../../../common/ifExists';
import { replaceFile } from '../../../storage/journal/durableFile';
import type { hostFitnessSchema } from '../../hostProtocol/sessionRequests';
import { readContainer } from '../../system/container';
import { readMachine } from '../../system/processTable';
import { ROOT_FOLDER } from '../ownFolder';
import { readDisk } from '../probe';

/** Has the start of the host at which it was seen. */
const PROOF = join(ROOT_FOLDER, 'detached');

export async function readFitness(): Promise<v.InferOutput<typeof hostFitnessSchema>> {
  const [disk, proof, start] = await Promise.all([readDisk(), ifExists(readFile(PROOF, 'utf8')), thisStart()]);
  return {
    clockMs: Date.now(),
    disk,
    node: { path: process.execPath, version: process.versions.node },
    isDetachProven: proof === start,
  };
}

export async function noteDetached(): Promise<void> {
  await replaceFile(PROOF, Buffer.from(await thisStart()));
}

/** Another one after the host, or the container, was started anew. */
async function thisStart(): Promise<string> {
  const [{ machine, boot, pidNamespace }, container] = await Promise.all([readMachine(), readContainer()]);
  return JSON.stringify([machine, boot, pidNamespace, container?.id, container?.firstProcessStart]);
}

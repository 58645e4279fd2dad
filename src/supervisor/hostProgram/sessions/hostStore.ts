import { delimiter, dirname, join } from 'node:path';
import { makeDirectory } from '../../../storage/journal/durableFile';
import { StorePaths } from '../../../storage/paths';
import { findStore } from '../../../storage/store/store';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import type { HostStore } from '../../hostProtocol/sessionRequests';
import { findGitHere } from '../probe';
import { readContainer } from '../../system/container';
import { readMachine } from '../../system/processTable';
import { ROOT_FOLDER } from '../ownFolder';
import { readCluster } from '../slurm/slurmPrograms';

/** What this host keeps for a store: its sessions' runs as there, and its repositories. */
export function storePaths(storeId: string): StorePaths {
  return new StorePaths(join(ROOT_FOLDER, storeId));
}

/** All that runs here from now on finds the git that the setting names, also runners and agents. */
async function putFirstOnPath(git: string): Promise<void> {
  if ((await findGitHere('git')) !== git) process.env['PATH'] = [dirname(git), process.env['PATH']].join(delimiter);
}

/** Makes the folder, which runners take for their store. */
export async function openHostStore(request: HostRequestOf<'openStore'>): Promise<HostStore> {
  const { root, sessions } = storePaths(request.storeId);
  const [git, machineId] = await Promise.all([
    findGitHere(request.git),
    request.cluster === true ? clusterId() : machineIdHere(),
    findStore(root),
  ]);
  await makeDirectory(sessions);
  if (git !== undefined) await putFirstOnPath(git);
  return { root: ROOT_FOLDER, machineId, ...(git === undefined ? {} : { git }) };
}

async function machineIdHere(): Promise<string> {
  const [{ machine }, container] = await Promise.all([readMachine(), readContainer()]);
  return container === undefined ? machine : `${machine}/${container.id}`;
}

/** Several login nodes lead to one cluster, and have one disk. */
async function clusterId(): Promise<string> {
  return `slurm/${(await readCluster()).name}`;
}

import { delimiter, dirname, join } from 'node:path';
import { makeDirectory } from '../../../storage/journal/durableFile';
import { StorePaths } from '../../../storage/paths';
import { findStore } from '../../../storage/store/store';
import type { HostStore } from '../../hostProtocol/sessionRequests';
import { findGitHere } from '../probe';
import { readContainer } from '../../system/container';
import { readMachine } from '../../system/processTable';
import { ROOT_FOLDER } from '../ownFolder';

/** What this host keeps for a store: its sessions' runs as there, and its repositories. */
export function storePaths(storeId: string): StorePaths {
  return new StorePaths(join(ROOT_FOLDER, storeId));
}

/** All that runs here from now on finds the git that the setting names, also runners and agents. */
async function putFirstOnPath(git: string): Promise<void> {
  if ((await findGitHere('git')) !== git) process.env['PATH'] = [dirname(git), process.env['PATH']].join(delimiter);
}

/** Makes the folder, which runners take for their store. */
export async function openHostStore(storeId: string, gitName: string): Promise<HostStore> {
  const { root, sessions } = storePaths(storeId);
  const [git, machine, container] = await Promise.all([
    findGitHere(gitName),
    readMachine(),
    readContainer(),
    findStore(root),
  ]);
  await makeDirectory(sessions);
  if (git !== undefined) await putFirstOnPath(git);
  return {
    root: ROOT_FOLDER,
    machineId: container === undefined ? machine.machine : `${machine.machine}/${container.id}`,
    ...(git === undefined ? {} : { git }),
  };
}

import type { Git } from '../git';

/** What git's configuration says about one filter. */
export interface FilterDriver {
  name: string;
  /** True where the user's own configuration defines it; then the repository's does not count. */
  isUsers: boolean;
  clean?: string;
  smudge?: string;
  process?: string;
  isRequired: boolean;
}

const LISTING = ['config', '--null', '--show-scope', '--get-regexp', '^filter\\..*\\.'] as const;

/** Every filter that git's configuration names for the repository, by its name. Runs none. */
export async function readDrivers(git: Git, folder: string, signal?: AbortSignal): Promise<Map<string, FilterDriver>> {
  const { stdout } = await git.run(folder, LISTING, { acceptedExitCodes: [0, 1], signal });
  const fields = stdout.toString('utf8').split('\0');
  const drivers = new Map<string, FilterDriver>();
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [scope, entry = ''] = [fields[index], fields[index + 1]];
    const keyEnd = entry.indexOf('\n');
    const [key, value] = keyEnd < 0 ? [entry, 'true'] : [entry.slice(0, keyEnd), entry.slice(keyEnd + 1)];
    const [name, property] = [key.slice('filter.'.length, key.lastIndexOf('.')), key.slice(key.lastIndexOf('.') + 1)];
    const isUsers = scope === 'global' || scope === 'system';
    const driver = drivers.get(name) ?? { name, isUsers, isRequired: false };
    if (driver.isUsers && !isUsers) continue;
    if (property === 'required') driver.isRequired = !/^(false|no|off|0|)$/i.test(value);
    else if (property === 'clean' || property === 'smudge' || property === 'process') driver[property] = value;
    drivers.set(name, driver);
  }
  return drivers;
}

import type { Git } from '../git';
import { isFalse, isUsersOwn, parseSettings } from '../settingText';

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
  const drivers = new Map<string, FilterDriver>();
  for (const setting of parseSettings(stdout)) {
    const { key, value } = setting;
    const [name, property] = [key.slice('filter.'.length, key.lastIndexOf('.')), key.slice(key.lastIndexOf('.') + 1)];
    const isUsers = isUsersOwn(setting);
    const driver = drivers.get(name) ?? { name, isUsers, isRequired: false };
    if (driver.isUsers && !isUsers) continue;
    if (property === 'required') driver.isRequired = !isFalse(value);
    else if (property === 'clean' || property === 'smudge' || property === 'process') driver[property] = value;
    drivers.set(name, driver);
  }
  return drivers;
}

/** A filter that is required and has no command would keep git from making any of its files. */
export function canSmudge({ smudge = '', process: text = '' }: FilterDriver): boolean {
  return smudge !== '' || text !== '';
}

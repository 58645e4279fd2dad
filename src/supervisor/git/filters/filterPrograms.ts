/** Which command a filter may be: Git LFS and git-crypt as the user has them, others as a person allowed it. */
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { isInside } from '../../../common/isInside';
import { foldersOnPath, isProgramFile } from '../../../common/processes/programFile';
import type { Repository } from '../repository';
import type { FilterAccess } from './filterAccess';
import { readDrivers, type FilterDriver } from './filterDrivers';
import { filterFailed } from './filterErrors';

/** The commands of a filter that may run; a direction without one leaves files as they are. */
export interface AllowedFilter {
  name: string;
  clean?: string;
  smudge?: string;
  process?: string;
  isRequired: boolean;
}

/** Why a filter may not run, for people. */
export interface RefusedFilter {
  name: string;
  reason: string;
  /** True where a person could allow it, false where its program is missing. */
  isForbidden: boolean;
}

const LFS =
  /^(?:"?(?:[^"'$`\\ ]*\/)?git-lfs(?:\.exe)?"?|git lfs) ((?:clean|smudge|filter-process)(?: --skip)?(?: -- %f)?)$/;
const CRYPT = /^"?(?:[^"'$`\\]*\/)?git-crypt(?:\.exe)?"? ((?:clean|smudge)(?: --key-name=[\w.-]+)?)$/;
/** Filters that need no consent, since they run as the user has them. */
export const KNOWN_FILTERS = [
  ['git-lfs', LFS],
  ['git-crypt', CRYPT],
] as const;

/** The filter with absolute paths of what may run, or why it may not. */
export async function resolveFilter(
  repository: Repository,
  driver: FilterDriver,
  mayRun: (command: string) => Promise<boolean>,
): Promise<AllowedFilter | RefusedFilter> {
  const { name, isRequired } = driver;
  const allowed: AllowedFilter = { name, isRequired };
  for (const property of ['clean', 'smudge', 'process'] as const) {
    const text = driver[property];
    if (text === undefined || text === '') continue;
    const known = KNOWN_FILTERS.find(([, pattern]) => pattern.test(text));
    if (known === undefined) {
      if (!(await mayRun(text)))
        return {
          name,
          reason: l10n.t('nobody on this machine has allowed its command “{command}”', { command: text }),
          isForbidden: true,
        };
      allowed[property] = text;
      continue;
    }
    const [program, pattern] = known;
    const path = await findUsersProgram(program, repository);
    if (path === undefined)
      return { name, reason: l10n.t('{program} is not installed', { program }), isForbidden: false };
    allowed[property] = `${shellWord(path)} ${pattern.exec(text)?.[1] ?? ''}`;
  }
  return allowed;
}

/** On the user's PATH, and never in the repository. */
async function findUsersProgram(
  name: string,
  { mainWorktree, commonDirectory }: Repository,
): Promise<string | undefined> {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  for (const folder of foldersOnPath(process.env)) {
    if (isInside(folder, mainWorktree) || isInside(folder, commonDirectory)) continue;
    if (await isProgramFile(join(folder, file))) return join(folder, file);
  }
  return undefined;
}

/** A path for the shell by which git starts filters, also on Windows, where it brings one along. */
export function shellWord(path: string): string {
  return `'${path.replaceAll('\\', '/').replaceAll("'", "'\\''")}'`;
}

/**
 * The filters that may run in the user's checkout.
 *
 * @param needed paths (as bytes) by the filters that have to run there
 * @throws CONFLICT where one of them may not; it names the filter and a path
 */
export async function resolveFilters(
  repository: Repository,
  access: FilterAccess | undefined,
  needed: ReadonlyMap<string, string>,
): Promise<AllowedFilter[]> {
  const allowed: AllowedFilter[] = [];
  for (const [name, driver] of await readDrivers(repository.git, repository.mainWorktree)) {
    const resolved = await resolveFilter(repository, driver, access?.mayRun ?? (() => Promise.resolve(false)));
    if (!('reason' in resolved)) allowed.push(resolved);
    else if (needed.has(name)) throw filterFailed('CONFLICT', name, needed.get(name) ?? '', resolved.reason);
  }
  return allowed;
}

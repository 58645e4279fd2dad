/** Makes git's view of files that filters have to clean first: where work goes to a branch or to the user's index. */
import * as l10n from '@vscode/l10n';
import { withObjects } from '../isolated/isolatedGit';
import { encodePaths, pathFromBytes, pathToText } from '../pathBytes';
import type { Repository } from '../repository';
import type { FilterAccess } from './filterAccess';
import { readDrivers } from './filterDrivers';
import { filterFailed, reasonOf } from './filterErrors';
import { withFilterGit, type FilterGit } from './filterGit';
import { resolveFilter } from './filterPrograms';
import type { FilteredFile } from './keptFiles';

/** A filtered file, and where its bytes are. */
export interface FilteredSource extends FilteredFile {
  source: string;
}

/** Where the bytes of a filtered file of a worktree are. */
export function sourceIn(worktreePath: string, file: FilteredFile): FilteredSource {
  return { ...file, source: pathFromBytes(worktreePath, file.path).toString() };
}

/**
 * The tree with these files as their filters clean them.
 *
 * @throws CONFLICT where a filter is missing, may not run or fails; it names the filter and a path. Nothing is stored
 * plain.
 */
export async function cleanTree(
  repository: Repository,
  tree: string,
  files: readonly FilteredSource[],
  access: FilterAccess | undefined,
): Promise<string> {
  if (files.length === 0) return tree;
  const drivers = await readDrivers(repository.git, repository.mainWorktree);
  const lines: string[] = [];
  for (const filter of new Set(files.map((file) => file.filter))) {
    const filtered = files.filter((file) => file.filter === filter);
    const [first] = filtered;
    const refuse = (reason: string) => filterFailed('CONFLICT', filter, first?.path ?? '', reason);
    const driver = drivers.get(filter);
    if (driver === undefined) throw refuse(l10n.t('git’s configuration does not have it'));
    const resolved = await resolveFilter(repository, driver, access?.mayRun ?? (() => Promise.resolve(false)));
    if ('reason' in resolved) throw refuse(resolved.reason);
    const attributes = `* filter=${filter} -text -ident !working-tree-encoding`;
    await withFilterGit({ repository, path: repository.mainWorktree, attributes }, [resolved], async (git) => {
      for (const file of filtered) lines.push(`${file.mode} ${await clean(git, file)} 0\t${file.path}`);
    });
  }
  return await withObjects(repository, async (git) => {
    await git.run(['read-tree', tree]);
    await git.run(['update-index', '-z', '--index-info'], { input: encodePaths(lines) });
    return await git.text(['write-tree', '--missing-ok']);
  });
}

async function clean(git: FilterGit, { filter, path, source }: FilteredSource): Promise<string> {
  const hash = ['hash-object', '-w', `--path=${pathToText(path)}`, '--', source];
  const { exitCode, stdout, stderr } = await git.run(hash, { acceptedExitCodes: [0, 1, 128] });
  if (exitCode !== 0) throw filterFailed('CONFLICT', filter, path, reasonOf(stderr));
  return stdout.toString('latin1').trim();
}

/** What a session on a host will miss of its base. */
import * as l10n from '@vscode/l10n';
import { listFilters } from '../../git/filters/filteredPaths';
import { listTreeEntries, SUBMODULE_MODE } from '../../git/isolated/entryTree';
import { withObjects } from '../../git/isolated/isolatedGit';
import { pathToText } from '../../git/pathBytes';
import type { Repository } from '../../git/repository';

export interface NotCarried {
  /** By the name of the filter, such as `lfs`: files whose content it would make. There they are as git stores them. */
  filters: { filter: string; files: number; example: string }[];
  /** Paths of submodules, whose folders are empty there. */
  submodules: string[];
}

/** Looks at the tree of a commit alone, and runs no filter. */
export async function whatDoesNotGo(repository: Repository, commit: string, signal?: AbortSignal): Promise<NotCarried> {
  return await withObjects(
    repository,
    async (git) => {
      const entries = await listTreeEntries(git, commit);
      const submodules = entries.filter(({ mode }) => mode === SUBMODULE_MODE).map(({ path }) => pathToText(path));
      if (!entries.some(({ path }) => /(^|\/)\.gitattributes$/.test(path))) return { filters: [], submodules };
      await git.run(['read-tree', commit]);
      const files = entries.filter(({ mode }) => mode.startsWith('100')).map(({ path }) => path);
      const found = new Map<string, { files: number; example: string }>();
      for (const [path, filter] of await listFilters(git, files, { isIndex: true })) {
        const { files: count = 0, example = pathToText(path) } = found.get(filter) ?? {};
        found.set(filter, { files: count + 1, example });
      }
      return { filters: [...found].map(([filter, counted]) => ({ filter, ...counted })), submodules };
    },
    { signal },
  );
}

/** In sentences for people; '' where all of it goes. */
export function sayWhatDoesNotGo({ filters, submodules }: NotCarried): string {
  const sentences = filters.map(({ filter, files, example }) =>
    files === 1
      ? l10n.t('The content of {example} is made by the filter “{filter}” and is not there.', { example, filter })
      : l10n.t('The content of {files} files is made by the filter “{filter}” and is not there, such as {example}.', {
          files,
          filter,
          example,
        }),
  );
  if (submodules.length > 0)
    sentences.push(l10n.t('Submodules are empty there: {paths}.', { paths: submodules.join(', ') }));
  return sentences.join(' ');
}

import { listFilters } from '../filters/filteredPaths';
import { withFilterOptions, type FilterOptions } from '../filters/filterGit';
import { resolveFilters } from '../filters/filterPrograms';
import { withIsolatedGit } from '../isolated/isolatedGit';
import { splitZ } from '../pathBytes';
import { isObjectId } from '../repository';
import type { SessionWorktree } from '../sessionWorktree';
import type { Checkout } from './checkout';

/**
 * Calls `use` with the filters that may run in the user's checkout, while what differs between two commits or trees is
 * brought there or taken away.
 *
 * @throws CONFLICT where a file needs a filter that may not run; it names both
 */
export async function withCheckoutFilters<T>(
  { repository, filters }: SessionWorktree,
  checkout: Checkout,
  [from, to]: readonly [from: string, to: string],
  use: (options: FilterOptions) => Promise<T>,
): Promise<T> {
  // Of an unreadable record; whoever uses it says so.
  if (!isObjectId(from) || !isObjectId(to)) return await use({});
  const needed = new Map<string, string>();
  await withIsolatedGit(checkout, async (git) => {
    const listing = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to];
    for (const [path, filter] of await listFilters(git, splitZ((await git.run(listing)).stdout)))
      needed.set(filter, path);
  });
  return await withFilterOptions(checkout, await resolveFilters(repository, filters, needed), use);
}

import { realpath } from 'node:fs/promises';
import { pathOf } from '../../common/folderPath';
import { enclosingCheckout } from '../git/gitDirectory';
import type { ListedPlace } from '../sessions/sessionModel';

/** Looks up which repository is asked for. Runs no git, since lists are painted often. */
export async function listingOf(filter: {
  repository?: string;
  archived?: boolean;
}): Promise<{ place?: ListedPlace; archived?: boolean }> {
  const { repository, ...others } = filter;
  if (repository === undefined) return others;
  const folder = pathOf(repository);
  const place = await enclosingCheckout(await realpath(folder).catch(() => folder));
  return { ...others, place: { folder, commonDirectory: place?.commonDirectory } };
}

import type { RecordedRemotes } from '../../../storage/sessionRecords';
import type { Repository } from '../repository';

/**
 * The repository's remotes, with the addresses that a push to them goes to after all rewriting. An agent can change
 * all of it, so that what was recorded before it worked is compared with this.
 */
export async function readRemotes({ git, mainWorktree }: Repository): Promise<RecordedRemotes> {
  const readingDefault = git.text(mainWorktree, ['config', '--get', 'remote.pushDefault'], {
    acceptedExitCodes: [0, 1],
  });
  const readEach = async () => {
    const names = (await git.text(mainWorktree, ['remote'])).split('\n').filter((name) => name !== '');
    return await Promise.all(
      names.map(async (name) => ({ name, urls: (await pushUrls(git, mainWorktree, name)).map(shownUrl) })),
    );
  };
  const [remotes, pushDefault] = await Promise.all([readEach(), readingDefault]);
  return { remotes, ...(pushDefault === '' ? {} : { pushDefault }) };
}

/** The addresses that a push to the remote goes to, with all that they hold. */
export async function pushUrls(git: Repository['git'], folder: string, remote: string): Promise<string[]> {
  // 2 and 128: the remote has no address.
  const { exitCode, stdout } = await git.run(folder, ['remote', 'get-url', '--push', '--all', '--', remote], {
    acceptedExitCodes: [0, 2, 128],
  });
  return exitCode === 0
    ? stdout
        .toString('utf8')
        .split('\n')
        .filter((url) => url !== '')
    : [];
}

/** What a fetch from the remote reads, with all that it holds; '' where it has no address. */
export async function fetchUrl({ git, mainWorktree }: Repository, remote: string): Promise<string> {
  return await git.text(mainWorktree, ['remote', 'get-url', '--', remote], { acceptedExitCodes: [0, 2, 128] });
}

/** Without a name and a password, which may be a secret. */
export function shownUrl(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/i, '$1');
}

/** True where a push to the remote goes to the same addresses in both. */
export function hasSameAddresses(one: RecordedRemotes, other: RecordedRemotes, remote: string): boolean {
  const addresses = ({ remotes }: RecordedRemotes): string[] => remotes.find(({ name }) => name === remote)?.urls ?? [];
  return JSON.stringify(addresses(one)) === JSON.stringify(addresses(other));
}

/** Records that a pushed branch follows the one on the remote, as a push of git's own would. */
export async function trackBranch(
  { git, mainWorktree }: Repository,
  { remote, branch, commit }: { remote: string; branch: string; commit: string },
): Promise<void> {
  await git.run(mainWorktree, ['config', `branch.${branch}.remote`, remote]);
  await git.run(mainWorktree, ['config', `branch.${branch}.merge`, `refs/heads/${branch}`]);
  const fetches = await git.text(mainWorktree, ['config', '--get-all', `remote.${remote}.fetch`], {
    acceptedExitCodes: [0, 1],
  });
  if (fetches.split('\n').includes(`+refs/heads/*:refs/remotes/${remote}/*`))
    await git.run(mainWorktree, ['update-ref', '-m', 'corral: push', `refs/remotes/${remote}/${branch}`, commit]);
}

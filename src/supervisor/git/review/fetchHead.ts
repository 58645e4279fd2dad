import { createHash } from 'node:crypto';
import type { Repository } from '../repository';
import { isObjectId } from '../repository';
import { NO_PROGRAMS, SAFE_CONFIGURATION, settingsEnvironment, type Setting } from '../safeConfiguration';
import { gitError } from '../gitErrors';
import { withTransferDirectory } from './transferDirectory';

/** Where a fetched head is kept, so that its objects stay until a session has them. */
const HEADS = 'refs/corral-heads';
const MAX_HEADS = 50;
/** Of `NO_PROGRAMS`, what keeps git from reaching another machine as the user does. */
const REACHES_OTHERS = /^(protocol|credential)\.|^core\.(sshCommand|gitProxy|askPass)$/;

export interface HeadAddress {
  url: string;
  /** The full name of the ref there. */
  ref: string;
  /** Asked for the user's credentials where the user's own helpers have none: a setting of git's and its value. */
  credentials?: Setting | undefined;
}

/**
 * Fetches one ref of another repository into a ref of Corral's own. No branch, no remote's branch and no tag of the
 * user's is touched, and the fetch reads none of the repository's configuration.
 *
 * @returns the commit's id
 * @throws what git's stderr means; CANCELLED
 */
export async function fetchHead(
  repository: Repository,
  { url, ref, credentials }: HeadAddress,
  signal: AbortSignal,
): Promise<string> {
  const { git, mainWorktree } = repository;
  const refs = await git.text(mainWorktree, [
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    'refs/heads',
    'refs/remotes',
  ]);
  const settings = [
    ...SAFE_CONFIGURATION,
    ...NO_PROGRAMS.filter(([key]) => !REACHES_OTHERS.test(key)),
    ...(credentials === undefined ? [] : [credentials]),
  ];
  const commit = await withTransferDirectory(repository, { refs }, async ({ path, environment }) => {
    const isolation = { ...environment, ...settingsEnvironment(settings), GIT_ALLOW_PROTOCOL: 'https:ssh' };
    const options = [
      '--quiet',
      '--no-tags',
      '--no-recurse-submodules',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
    ];
    await git.run(path, ['fetch', ...options, '--end-of-options', url, `+${ref}:refs/corral/head`], {
      isolation,
      findsWorktree: true,
      signal,
    });
    return await git.text(path, ['rev-parse', '--verify', '--end-of-options', 'refs/corral/head^{commit}'], {
      isolation,
      findsWorktree: true,
    });
  });
  if (!isObjectId(commit)) throw gitError('fetch', 0, undefined, `fatal: ${ref} is no commit`);
  const name = createHash('sha256').update(`${url}\n${ref}`).digest('hex').slice(0, 16);
  await git.run(mainWorktree, ['update-ref', '-m', 'corral: fetch', `${HEADS}/${name}`, commit]);
  await forgetOldHeads(repository, `${HEADS}/${name}`);
  return commit;
}

/** A session has its base by a ref of its own, so that older heads matter only to prompts that were never sent. */
async function forgetOldHeads({ git, mainWorktree }: Repository, newest: string): Promise<void> {
  const listed = await git.text(mainWorktree, ['for-each-ref', '--sort=-committerdate', '--format=%(refname)', HEADS]);
  const others = listed.split('\n').filter((ref) => ref !== newest);
  for (const ref of others.slice(MAX_HEADS - 1)) await git.run(mainWorktree, ['update-ref', '-d', ref]);
}

import type { ForgeName, IssueReference } from '../../storage/issueReference';
import { parseForgeAddress } from './forgeAddress';

/** The arguments by which `gh` or `glab` opens a pull request of a pushed branch. It asks for all that is not given. */
export function creationParameters(forge: ForgeName, branch: string, description: string | undefined): string[] {
  return forge === 'github'
    ? ['pr', 'create', `--head=${branch}`, ...(description === undefined ? [] : [`--body=${description}`])]
    : [
        'mr',
        'create',
        `--source-branch=${branch}`,
        ...(description === undefined ? [] : [`--description=${description}`]),
      ];
}

/** What closes the issue when the pull request is merged; undefined for a session without one. */
export function closingText(issue: IssueReference | undefined, pushedTo: string): string | undefined {
  if (issue?.kind !== 'issue') return undefined;
  const path = parseForgeAddress(pushedTo)?.path ?? issue.repository;
  const isSame = path.toLowerCase() === issue.repository.toLowerCase();
  return `Closes ${isSame ? '' : issue.repository}#${issue.number}`;
}

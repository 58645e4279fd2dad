/** What Corral reads of GitHub and GitLab, by the user's own `gh` and `glab`. */
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import type { ForgeName, IssueKind } from '../../storage/issueReference';
import type { ForgeProgram } from './forgeProgram';

/** A repository at a forge. */
export interface ForgeRepository {
  forge: ForgeName;
  /** With the port, where it has one of its own. */
  host: string;
  /** `owner/name`; on GitLab with all groups. */
  path: string;
  /** The path below which the forge lies on its host; absent where it has all of that. */
  subfolder?: string;
}

/** An issue or pull request as lists show it. All of its texts are of others. */
export interface ListedIssue {
  kind: IssueKind;
  number: number;
  title: string;
  /** '' where the account is gone. */
  author: string;
  /** ISO 8601. */
  updatedAt: string;
  isOpen: boolean;
}

export interface IssueComment {
  author: string;
  /** ISO 8601. */
  createdAt: string;
  text: string;
  /** The file that it is about; absent for one about all. */
  path?: string;
}

/** An issue or pull request with what was written about it. */
export interface WholeIssue extends ListedIssue {
  body: string;
  /** The last ones, in their order. */
  comments: IssueComment[];
  /** How many earlier comments there are at least that were not read. */
  earlierComments: number;
  /** Of a pull request: the branch that it is on, and the one that it goes into. */
  branches?: { head: string; base: string };
}

/** At most so many comments are read. */
export const MAX_COMMENTS = 30;
/** At most so many issues are listed. */
export const MAX_LISTED = 30;

/** Reads issues and pull requests of one repository. */
export abstract class Forge {
  protected readonly program: ForgeProgram;
  protected readonly repository: ForgeRepository;

  constructor(program: ForgeProgram, repository: ForgeRepository) {
    this.program = program;
    this.repository = repository;
  }

  /** The open ones that were changed last; those that `search` finds where it is not ''. */
  abstract list(kind: IssueKind, search: string, signal?: AbortSignal): Promise<ListedIssue[]>;
  /** Undefined where the repository has none of that kind with this number. */
  abstract find(kind: IssueKind, number: number, signal?: AbortSignal): Promise<ListedIssue | undefined>;
  abstract read(kind: IssueKind, number: number, signal?: AbortSignal): Promise<WholeIssue>;
}

/** @throws FORGE_FAILED where the program printed something else than its documentation says */
export function checkAnswer<Schema extends v.GenericSchema>(schema: Schema, answer: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, answer);
  if (parsed.success) return parsed.output;
  throw new CorralError(
    'FORGE_FAILED',
    l10n.t('The answer cannot be read: {reason}', { reason: v.summarize(parsed.issues) }),
  );
}

/** @throws FORGE_FAILED */
export function noRepository({ forge, host, path, subfolder }: ForgeRepository): never {
  const none = l10n.t('{host} has no repository {path} that you can see with this account.', { host, path });
  const [first = '', ...rest] = path.split('/');
  const command = `glab config set subfolder ${first} --host ${host}`;
  const isMaybeBelow = forge === 'gitlab' && subfolder === undefined && rest.length > 1;
  const below = l10n.t('If its GitLab lies below {first}, say so with “{command}”.', { first, command });
  throw new CorralError('FORGE_FAILED', isMaybeBelow ? `${none} ${below}` : none);
}

/** @throws FORGE_FAILED */
export function noIssue({ path }: ForgeRepository, number: number): never {
  throw new CorralError(
    'FORGE_FAILED',
    l10n.t('{path} has nothing with the number {number} any more.', { path, number }),
  );
}

/** The page of an issue or pull request. */
export function pageOf({ forge, host, path, subfolder }: ForgeRepository, kind: IssueKind, number: number): string {
  const place =
    forge === 'github'
      ? { issue: 'issues', pullRequest: 'pull' }[kind]
      : { issue: '-/issues', pullRequest: '-/merge_requests' }[kind];
  return `https://${[host, ...(subfolder === undefined ? [] : [subfolder]), path].join('/')}/${place}/${number}`;
}

/** The ref of the repository at the forge that has the head of a pull request. */
export function headRefOf({ forge }: ForgeRepository, number: number): string {
  return forge === 'github' ? `refs/pull/${number}/head` : `refs/merge-requests/${number}/head`;
}

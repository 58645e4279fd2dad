import * as l10n from '@vscode/l10n';
import { CorralError, type CorralErrorCode } from '../../storage/errors';

/** What git says on stderr (LC_ALL=C) and what it means. The first match wins; nothing else reads git's sentences. */
const MEANINGS: readonly { pattern: RegExp; code: CorralErrorCode; advice: (detail: string) => string }[] = [
  {
    pattern: /detected dubious ownership/,
    code: 'UNTRUSTED',
    advice: (detail) =>
      l10n.t(
        'Git does not trust this repository, because another user owns it. See “safe.directory” in Git’s documentation. ({detail})',
        { detail },
      ),
  },
  {
    pattern: /not a git repository \(or any/,
    code: 'NO_REPOSITORY',
    advice: () => l10n.t('This folder is in no Git repository.'),
  },
  {
    pattern: /not a git repository/i,
    code: 'NO_REPOSITORY',
    advice: (detail) => l10n.t('This folder is in no Git repository. ({detail})', { detail }),
  },
  {
    pattern: /must be run in a work tree/,
    code: 'BARE_REPOSITORY',
    advice: (detail) => l10n.t('This repository has no files checked out. ({detail})', { detail }),
  },
  // Before the locks: a compare-and-swap that lost is an answer, and no waiting changes it.
  {
    pattern:
      /cannot lock ref .*(but expected|reference already exists|reference is missing|unable to resolve reference)/s,
    code: 'CONFLICT',
    advice: (detail) => l10n.t('Somebody else changed this at the same moment. Try again. ({detail})', { detail }),
  },
  {
    pattern:
      /Unable to create .*\.lock': File exists|Another git process seems to be running|could not lock config file .*File exists/s,
    code: 'GIT_LOCKED',
    advice: lockedText,
  },
  {
    // The file is there, and nothing is written in it yet; or it was there, and is gone.
    pattern: /failed to read .*commondir: (?:Success|No such file or directory)/,
    code: 'GIT_LOCKED',
    advice: (detail) =>
      l10n.t('Another Git process is adding or removing a worktree. Try again. ({detail})', { detail }),
  },
  {
    pattern: /^error: object [0-9a-f]{40,64}: |fsck error in packed object/m,
    code: 'GIT_REFUSED',
    advice: (detail) => l10n.t('Git refuses what came, as it is damaged or could do harm. ({detail})', { detail }),
  },
  {
    pattern: /unable to read [0-9a-f]{40,64}$/m,
    code: 'GIT_FAILED',
    advice: (detail) =>
      l10n.t(
        'Objects of this repository are missing on this disk. If it is a partial clone, fetch all of it once by “git fetch --refetch --no-filter” in a terminal. ({detail})',
        { detail },
      ),
  },
  {
    pattern: /couldn't find remote ref/,
    code: 'BASE_NOT_FOUND',
    advice: (detail) => l10n.t('What was to be fetched is not there. ({detail})', { detail }),
  },
  {
    pattern: /could not fetch \w+ from promisor|lazy fetching disabled|transport '.*' not allowed/,
    code: 'GIT_FAILED',
    advice: (detail) =>
      l10n.t(
        'Objects of this repository are missing on this disk, and Corral fetches none. Check the commit out once yourself. ({detail})',
        { detail },
      ),
  },
  {
    pattern:
      /Please tell me who you are|unable to auto-detect email address|empty ident name|no (email|name) was given and auto-detection is disabled/,
    code: 'GIT_IDENTITY',
    advice: (detail) =>
      l10n.t(
        'Git does not know your name. Run “git config --global user.name "Your Name"” and “git config --global user.email you@example.com” in a terminal, then try again. ({detail})',
        { detail },
      ),
  },
  {
    pattern: /No space left on device|Disk quota exceeded/,
    code: 'GIT_FAILED',
    advice: (detail) => l10n.t('The disk is full. ({detail})', { detail }),
  },
  {
    // Of a checkout, git does not say why.
    pattern: /unable to write file '/,
    code: 'GIT_FAILED',
    advice: (detail) => l10n.t('A file could not be written; probably the disk is full. ({detail})', { detail }),
  },
];

function lockedText(detail: string): string {
  return l10n.t('Another Git process holds a lock in this repository. Try again. ({detail})', { detail });
}

/** For who finds the lock at `path` before git is run. */
export function lockedError(path: string): CorralError {
  return new CorralError('GIT_LOCKED', lockedText(path));
}

/** Of a git process that failed. */
export class GitError extends CorralError {
  /** All that it said, in English; of a push also what the git said to which it went. */
  readonly stderr: string;

  constructor(code: CorralErrorCode, message: string, stderr: string) {
    super(code, message);
    this.stderr = stderr;
  }
}

/** The typed error for a git process that failed. `command` is the subcommand, to name it without paths and options. */
export function gitError(
  command: string,
  exitCode: number | undefined,
  signal: string | undefined,
  stderr: string,
): GitError {
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(stderr));
  const lines = stderr.split('\n');
  const line = lines.find((each) => /^(fatal|error):/.test(each)) ?? lines.find((each) => each.trim() !== '');
  const detail = `git ${command}: ${line?.trim() ?? signal ?? `exit code ${String(exitCode)}`}`;
  return new GitError(meaning?.code ?? 'GIT_FAILED', meaning?.advice(detail) ?? detail, stderr);
}

export function cancelledError(): CorralError {
  return new CorralError('CANCELLED', l10n.t('Cancelled.'));
}

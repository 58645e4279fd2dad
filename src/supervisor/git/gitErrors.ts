import { CorralError, type CorralErrorCode } from '../../storage/errors';

/** What git says on stderr (LC_ALL=C) and what it means. The first match wins; nothing else in Corral reads git's sentences. */
const TABLE: readonly { pattern: RegExp; code: CorralErrorCode; advice: string }[] = [
  {
    pattern: /detected dubious ownership/,
    code: 'UNTRUSTED',
    advice:
      'Git does not trust this repository, because another user owns it. See "safe.directory" in git\'s documentation',
  },
  { pattern: /not a git repository/i, code: 'NO_REPOSITORY', advice: 'This folder is in no git repository' },
  {
    pattern: /must be run in a work tree/,
    code: 'BARE_REPOSITORY',
    advice: 'This repository has no files checked out',
  },
  // Before the locks: a compare-and-swap that lost is an answer, and no waiting changes it.
  {
    pattern:
      /cannot lock ref .*(but expected|reference already exists|reference is missing|unable to resolve reference)/s,
    code: 'CONFLICT',
    advice: 'Somebody else changed this at the same moment',
  },
  {
    pattern:
      /Unable to create .*\.lock': File exists|Another git process seems to be running|could not lock config file .*File exists/s,
    code: 'GIT_LOCKED',
    advice: 'Another git process holds a lock in this repository',
  },
  { pattern: /No space left on device|Disk quota exceeded/, code: 'GIT_FAILED', advice: 'The disk is full' },
];

/** The typed error for a git process that failed. `command` is the subcommand, for a message without paths and options. */
export function gitError(
  command: string,
  exitCode: number | undefined,
  signal: string | undefined,
  stderr: string,
): CorralError {
  const entry = TABLE.find(({ pattern }) => pattern.test(stderr));
  const said =
    stderr.split('\n').find((line) => /^(fatal|error):/.test(line)) ??
    stderr.split('\n').find((line) => line.trim() !== '');
  const ending = signal === undefined ? `exit code ${String(exitCode)}` : signal;
  const detail = `git ${command}: ${said?.trim() ?? ending}`;
  return new CorralError(entry?.code ?? 'GIT_FAILED', entry === undefined ? detail : `${entry.advice} (${detail})`);
}

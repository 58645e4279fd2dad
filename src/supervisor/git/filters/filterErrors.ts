import * as l10n from '@vscode/l10n';
import { CorralError, type CorralErrorCode } from '../../../storage/errors';
import { pathToText } from '../pathBytes';

/** What a filter, or the shell that could not start it, said before git's own words, which only name the filter. */
export function reasonOf(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const own = lines.filter((line) => !/^(error|fatal|warning|hint):/.test(line));
  return own.at(-1) ?? lines[0] ?? l10n.t('it failed');
}

/** The path that git names as the one whose filter failed. */
export function failedPath(stderr: string): string | undefined {
  return /^(?:error|fatal): (.+): (?:clean|smudge) filter /m.exec(stderr)?.[1];
}

/** For a path as bytes. */
export function filterFailed(code: CorralErrorCode, filter: string, path: string, reason: string): CorralError {
  return new CorralError(
    code,
    l10n.t('The filter “{filter}”, which {path} needs, did not work: {reason}', {
      filter,
      path: pathToText(path),
      reason,
    }),
  );
}

import * as l10n from '@vscode/l10n';
import type { SessionHost, SessionSummary } from '../../supervisor/api';

/** That a session went on here, in a few words; nothing for one that did not. `show` writes a time. */
export function describeFormerHost({ formerHost }: SessionSummary, show: (timestamp: string) => string): string[] {
  if (formerHost === undefined) return [];
  const left = { host: formerHost.name, time: show(formerHost.leftAt) };
  return [
    formerHost.mayGoOn === true
      ? l10n.t('also continued on “{host}” since {time}', left)
      : l10n.t('left “{host}” at {time}', left),
  ];
}

/** What is known of a run whose host is away. `since` is the time of that as it is shown. */
export function describeAbsence({ name }: SessionHost, state: SessionSummary['state'], since: string): string {
  return state === 'stopping'
    ? l10n.t('will be stopped when “{host}” is back', { host: name })
    : l10n.t('not reachable since {time}', { time: since });
}

/** That a session is deleted here alone. */
export function describeRemains({ name }: SessionHost): string {
  return l10n.t('will be deleted on “{host}” when that is back', { host: name });
}

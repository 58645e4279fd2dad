import * as l10n from '@vscode/l10n';
import type { SessionSummary } from '../../supervisor/api';

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

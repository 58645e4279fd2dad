import * as l10n from '@vscode/l10n';
import type { GoneQuestion } from '../../supervisor/api';

type Suspect = Pick<NonNullable<GoneQuestion['run']>, 'process' | 'since'>;

/** What a person should know before saying that something is gone: what is known, and what it means. */
export function goneDetail({ run, locks }: GoneQuestion): string {
  return [
    ...(run === undefined ? [] : runSentences(run)),
    ...locks.map((lock) =>
      l10n.t('{who} has held the lock “{lock}” since {since}.', {
        who: who(lock),
        lock: lock.name,
        since: time(lock.since),
      }),
    ),
    l10n.t(
      'Say so only if you know it, because its container was removed or its machine is off. If it still runs, it ends its agent as soon as it notices, and before another run of this session starts.',
    ),
  ].join('\n\n');
}

function runSentences(run: NonNullable<GoneQuestion['run']>): string[] {
  return [
    l10n.t('{who} has not answered since {since}. Corral cannot tell whether it still runs.', {
      who: who(run),
      since: time(run.since),
    }),
    ...(run.lastEventAt === undefined
      ? []
      : [l10n.t('The last event of this session came at {time}.', { time: time(run.lastEventAt) })]),
  ];
}

function who({ process }: Suspect): string {
  if (process === undefined) return l10n.t('The background process of this session');
  return process.isHere
    ? l10n.t('Process {pid} on this machine', { pid: process.pid })
    : l10n.t('Process {pid} in another container or on another machine ({host})', process);
}

function time(timestamp: string): string {
  return new Date(timestamp).toLocaleString();
}

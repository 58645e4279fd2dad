import * as l10n from '@vscode/l10n';
import type { GoneQuestion } from '../../supervisor/runs/gone/goneQuestion';

type Suspect = Pick<NonNullable<GoneQuestion['run']>, 'process' | 'since'>;

/** What a person should know before saying that something is gone: what is known, and what it means. */
export function goneDetail({ run, locks }: GoneQuestion): string {
  return [
    ...(run === undefined ? [] : runSentences(run)),
    ...locks.map(lockSentences),
    run === undefined
      ? l10n.t(
          'Say so only if you know that it does not go on, because its container was removed, its machine is off, or it hangs.',
        )
      : l10n.t(
          'Say so only if you know it, because its container was removed or its machine is off. If it still runs, it ends its agent as soon as it notices, and before another run of this session starts.',
        ),
  ].join('\n\n');
}

function lockSentences(lock: GoneQuestion['locks'][number]): string {
  const place = {
    who: lock.process === undefined ? l10n.t('Another window') : who(lock),
    ...{ lock: lock.name, since: time(lock.since), lastSign: time(lock.lastSignAt) },
  };
  return [
    place.since === place.lastSign
      ? l10n.t('{who} has held the lock “{lock}” since {since}.', place)
      : l10n.t('{who} has held the lock “{lock}” since {since}, and last gave a sign at {lastSign}.', place),
    ...stillness(lock),
    l10n.t('If it goes on after all, it leaves this work to the others.'),
  ].join(' ');
}

function stillness({ process }: Suspect): string[] {
  return process?.isStopped === true
    ? [l10n.t('It stands still, as a debugger or “kill -STOP” leaves it, and can be continued.')]
    : [];
}

function runSentences(run: NonNullable<GoneQuestion['run']>): string[] {
  return [
    l10n.t('{who} has not answered since {since}. Corral cannot tell whether it still runs.', {
      who: who(run),
      since: time(run.since),
    }),
    ...stillness(run),
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

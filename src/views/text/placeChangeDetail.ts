/** What a person should know before a session goes on elsewhere. */
import * as l10n from '@vscode/l10n';
import type { SessionSummary } from '../../supervisor/api';

/**
 * What a person should know before a session of a host goes on here: what is here of it, what becomes of the rest, and
 * how it goes on. `takenAt` is the time of its last snapshot that is here, where it has one; `keptAs` the ref for what
 * comes later.
 */
export function continueHereDetail(
  session: SessionSummary,
  { isRunning, takenAt, keptAs }: { isRunning: boolean; takenAt: string | undefined; keptAs: string },
): string {
  const host = session.host?.name ?? '';
  const there =
    session.host?.state === 'connected'
      ? [
          isRunning
            ? l10n.t('Its run on “{host}” is stopped first, and the last of its work comes here.', { host })
            : l10n.t('The last of its work on “{host}” comes here first.', { host }),
        ]
      : [
          whatIsHere(session, takenAt),
          l10n.t(
            'What it did on “{host}” after that is not merged into it. As soon as “{host}” answers, its run there is stopped, its timeline is copied to the end, and its work is kept apart, as {ref}.',
            { host, ref: keptAs },
          ),
        ];
  return [
    ...there,
    ...(session.host?.workProblem === undefined
      ? []
      : [l10n.t('Not all of its work could be fetched: {reason}', { reason: session.host.workProblem })]),
    session.host?.state === 'connected'
      ? `${l10n.t('Your next message starts it on this computer. Its worktree on “{host}” stays.', { host })} ${whatAgentsKnow()}`
      : l10n.t(
          'Your next message starts it on this computer, and {agent} is told what was said so far. Its worktree on “{host}” stays.',
          { agent: session.agent, host },
        ),
  ].join('\n\n');
}

/** What a person should know before a session goes on on another host: what goes there, what stays, how it goes on. */
export function moveToHostDetail(
  { agent, host: now }: SessionSummary,
  { host, isRunning }: { host: string; isRunning: boolean },
): string {
  return [
    ...(isRunning ? [l10n.t('{agent} is stopped first.', { agent })] : []),
    l10n.t('A snapshot of its work goes to “{host}”, where its worktree is made of it. Ignored files stay behind.', {
      host,
    }),
    now === undefined
      ? l10n.t('The worktree on this computer stays as it is.')
      : l10n.t('The worktree on “{host}” stays as it is.', { host: now.name }),
    `${l10n.t('Your next message starts {agent} on “{host}”.', { agent, host })} ${whatAgentsKnow()}`,
  ].join('\n\n');
}

function whatAgentsKnow(): string {
  return l10n.t('Claude Code and Codex take along what they know of it. Other agents are told what was said so far.');
}

function whatIsHere({ host }: SessionSummary, takenAt: string | undefined): string {
  const work =
    takenAt === undefined
      ? l10n.t('No snapshot of its work has come here yet, so it goes on from its base.')
      : l10n.t('It goes on with its work as of {time}, the last snapshot that came here.', {
          time: localTime(takenAt),
        });
  const { mirroredTo } = host ?? {};
  return mirroredTo === undefined
    ? work
    : `${work} ${l10n.t('Its timeline is here up to {time}.', { time: localTime(mirroredTo) })}`;
}

function localTime(timestamp: string): string {
  return new Date(timestamp).toLocaleString();
}

import * as l10n from '@vscode/l10n';
import { isOutcome } from '../../storage/runState';
import type { SessionSummary } from '../../supervisor/api';
import { budgetText } from '../text/budgetText';
import { describeFormerHost } from '../text/placeText';
import { describeChanges, worktreePlace } from '../text/worktreeLabels';
import type { SessionRow } from './sessionRow';

/** What a row's tooltip says below the title, line by line. */
export function sessionTooltip(session: SessionSummary, row: SessionRow): [name: string, value: string][] {
  return [
    [l10n.t('Status'), row.status],
    ...row.notes,
    ...optional(l10n.t('Agent'), session.agent),
    ...optional(l10n.t('Before it'), agentsBefore(session)),
    ...optional(l10n.t('Started by'), session.startedBy?.client),
    ...optional(l10n.t('Started'), localTime(session.createdAt)),
    ...optional(l10n.t('Last activity'), localTime(session.lastActivityAt)),
    ...optional(l10n.t('Changes'), session.changes && describeChanges(session.changes)),
    ...optional(l10n.t('Branch'), session.branch),
    ...optional(l10n.t('Context'), contextOf(session)),
    ...optional(l10n.t('Budget'), session.budget && budgetText(session.budget)),
    ...optional(l10n.t('Tokens'), tokensOf(session)),
    ...optional(l10n.t('Cost'), costOf(session)),
    ...optional(l10n.t('Host'), hostOf(session)),
    ...optional(l10n.t('Worktree'), worktreePlace(session)),
    ...optional(l10n.t('Folder'), session.subfolder),
    ...optional(l10n.t('Started from'), session.checkout),
    ...optional(l10n.t('Not copied'), session.notCopied?.join(', ')),
    ...optional(l10n.t('Base'), session.baseCommit === '' ? undefined : session.baseCommit.slice(0, 10)),
    ...optional(
      l10n.t('Queue'),
      session.queuePosition === undefined
        ? undefined
        : l10n.t('Waiting sessions start only while a VS Code window is open.'),
    ),
  ];
}

/** The host on which it works, what is known of the way there, and how much of its run is here. */
function hostOf(session: SessionSummary): string | undefined {
  const { host, state } = session;
  if (host === undefined) return leftHost(session);
  const { name, since, reason, mirroredTo } = host;
  const away = l10n.t('{name}, not reachable since {since}', { name, since: localTime(since ?? '') });
  const way: Record<typeof host.state, string> = {
    idle: name,
    connecting: l10n.t('{name}, connecting', { name }),
    connected: l10n.t('{name}, connected', { name }),
    unreachable: reason === undefined ? away : l10n.t('{away}: {reason}', { away, reason }),
  };
  if (mirroredTo === undefined || isOutcome(state)) return way[host.state];
  return l10n.t('{way}; what is here goes up to {mirroredTo}', {
    way: way[host.state],
    mirroredTo: localTime(mirroredTo),
  });
}

function leftHost(session: SessionSummary): string | undefined {
  const [left] = describeFormerHost(session, localTime);
  return session.formerHost?.mayGoOn === true
    ? l10n.t('{left}; its run there is stopped, and its work kept apart, as soon as that answers', { left: left ?? '' })
    : left;
}

/** The agents that worked before the present one; '' where there were none. */
function agentsBefore({ agent, runs }: SessionSummary): string {
  return [...new Set(runs.map((run) => run.agent))].filter((each) => each !== agent).join(', ');
}

/** Of all runs; undefined where the agent told of none. */
function tokensOf({ usage: { inputTokens, outputTokens, cachedTokens } }: SessionSummary): string | undefined {
  if (inputTokens + outputTokens + cachedTokens === 0) return undefined;
  return l10n.t('{input} in, {output} out, {cached} from the cache', {
    input: inputTokens.toLocaleString(),
    output: outputTokens.toLocaleString(),
    cached: cachedTokens.toLocaleString(),
  });
}

/** Of all runs, as in the timeline; undefined where the agent told of none. */
function costOf({ usage: { costUsd } }: SessionSummary): string | undefined {
  return costUsd > 0 ? `$${costUsd.toFixed(costUsd < 0.1 ? 4 : 2)}` : undefined;
}

/** How full the agent's context window is, as far as it tells. */
function contextOf({ context }: SessionSummary): string | undefined {
  if (context === undefined) return undefined;
  const used = context.usedTokens.toLocaleString();
  if (context.limitTokens === undefined) return l10n.t('{used} tokens', { used });
  return l10n.t('{used} of {limit} tokens ({percent} %)', {
    used,
    limit: context.limitTokens.toLocaleString(),
    percent: Math.round((100 * context.usedTokens) / context.limitTokens),
  });
}

function optional(name: string, value: string | undefined): [name: string, value: string][] {
  return value === undefined || value === '' ? [] : [[name, value]];
}

/** '' where no time is known. */
function localTime(timestamp: string): string {
  return timestamp === '' ? '' : new Date(timestamp).toLocaleString();
}

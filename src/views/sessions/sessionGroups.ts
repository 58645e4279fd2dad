/** Sessions with the same prompt, to be compared with each other. */
import * as l10n from '@vscode/l10n';
import { isId } from '../../storage/ids';
import type { SessionSummary } from '../../supervisor/api';
import { titleOf } from '../../supervisor/sessions/sessionTitle';
import type { ShownStatus } from '../text/statusLabel';
import { shownStatus, statusLabel } from '../text/statusLabel';

/** The name that a person gave the group, else the start of its prompt. */
export function groupTitle(group: string, sessions: readonly SessionSummary[]): string {
  return isId(group) ? titleOf(sessions[0]?.prompt ?? group) : group;
}

/** `3 sessions · 1 needs input · 2 Completed` */
export function groupDescription(sessions: readonly SessionSummary[]): string {
  const asking = sessions.filter((session) => session.needsInput).length;
  const counts = new Map<ShownStatus, number>();
  for (const session of sessions) counts.set(shownStatus(session), (counts.get(shownStatus(session)) ?? 0) + 1);
  return [
    l10n.t('{0} sessions', sessions.length),
    ...(asking === 0 ? [] : [needInput(asking)]),
    ...[...counts].map(([status, count]) => `${count} ${statusLabel(status)}`),
  ].join(' · ');
}

/** How many sessions wait for an answer; `count` is at least 1. */
export function needInput(count: number): string {
  return count === 1 ? l10n.t('1 needs input') : l10n.t('{0} need input', count);
}

/** Titles that tell the sessions of one prompt apart: by agent, and by number where an agent has it more than once. */
export function titlesFor(prompt: string, agents: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return agents.map((agent) => {
    const number = (seen.get(agent) ?? 0) + 1;
    seen.set(agent, number);
    const isAlone = agents.filter((each) => each === agent).length === 1;
    return `${agent}${isAlone ? '' : ` ${number}`} · ${titleOf(prompt)}`;
  });
}

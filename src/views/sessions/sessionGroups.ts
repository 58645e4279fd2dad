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

/** Who gets the prompt of a group; on this computer, where there is no host. */
export interface Contender {
  agent: string;
  host?: string;
}

export function contenderName({ agent, host }: Contender): string {
  return host === undefined ? agent : l10n.t('{agent} on {host}', { agent, host });
}

/** Titles that tell the sessions of one prompt apart: by who works on it, and by number where that is the same. */
export function titlesFor(prompt: string, contenders: readonly Contender[]): string[] {
  const names = contenders.map(contenderName);
  const seen = new Map<string, number>();
  return names.map((name) => {
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    const isAlone = names.filter((each) => each === name).length === 1;
    return `${name}${isAlone ? '' : ` ${number}`} · ${titleOf(prompt)}`;
  });
}

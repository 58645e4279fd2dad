/** Sessions with the same prompt, to be compared with each other. */
import { isId } from '../../storage/ids';
import type { SessionStatus, SessionSummary } from '../../supervisor/api';
import { titleOf } from '../../supervisor/lifecycle/sessionCreation';

/** A group that somebody named has that name; one that Compare Agents made is called after its prompt. */
export function groupTitle(group: string, sessions: readonly SessionSummary[]): string {
  return isId(group) ? titleOf(sessions[0]?.prompt ?? group) : group;
}

/** `3 sessions · 1 needs input · 2 Completed` */
export function groupDescription(sessions: readonly SessionSummary[]): string {
  const asking = sessions.filter((session) => session.needsInput).length;
  const counts = new Map<SessionStatus, number>();
  for (const { status } of sessions) counts.set(status, (counts.get(status) ?? 0) + 1);
  const words = [...counts].map(([status, count]) => `${count} ${status}`);
  return [
    `${sessions.length} sessions`,
    ...(asking === 0 ? [] : [`${asking} ${asking === 1 ? 'needs' : 'need'} input`]),
    ...words,
  ].join(' · ');
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

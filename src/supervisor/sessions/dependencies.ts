/** Sessions that start only after others. Pure. */
import * as l10n from '@vscode/l10n';
import { isOutcome } from '../../storage/runState';
import type { SessionFacts } from '../../storage/sessionFacts';
import { currentRun, restorationOf, sessionState } from '../../storage/sessionState';

/** The facts of a session; undefined where there is none. */
export type FactsOf = (sessionId: string) => SessionFacts | undefined;

/**
 * Why the session must not start yet, in a few words; undefined where all that it depends on has completed.
 * Only its first run depends on others.
 */
export function dependencyHold(facts: SessionFacts, factsOf: FactsOf): string | undefined {
  if (facts.runs.some(({ startedAt }) => startedAt !== undefined)) return undefined;
  const dependencies = facts.dependsOn ?? [];
  for (const id of dependencies) {
    const problem = problemOf(factsOf(id));
    if (problem !== undefined) return problem;
  }
  const [title, ...more] = dependencies.flatMap((id) => {
    const other = factsOf(id);
    return other === undefined || sessionState(other) === 'completed' ? [] : [other.title];
  });
  if (title === undefined) return undefined;
  return more.length === 0
    ? l10n.t('waits for “{title}”', { title })
    : l10n.t('waits for “{title}” and {count} more', { title, count: more.length });
}

/** Why `other` will not complete by itself; undefined where it may. */
function problemOf(other: SessionFacts | undefined): string | undefined {
  if (other === undefined) return l10n.t('waits for a session that no longer exists');
  const { title } = other;
  const state = sessionState(other);
  const run = currentRun(other);
  if (run !== undefined && restorationOf(run) !== undefined)
    return l10n.t('waits for “{title}”, which was cut off', { title });
  if (state === 'completed' || !isOutcome(state)) return undefined;
  return state === 'stopped' || state === 'killed'
    ? l10n.t('waits for “{title}”, which was stopped', { title })
    : l10n.t('waits for “{title}”, which failed', { title });
}

/** True where the session would wait for itself, directly or over other sessions. */
export function wouldWaitForItself(sessionId: string, dependsOn: readonly string[], factsOf: FactsOf): boolean {
  const reached = new Set(dependsOn);
  // The loop also visits what it adds.
  for (const id of reached) for (const next of factsOf(id)?.dependsOn ?? []) reached.add(next);
  return reached.has(sessionId);
}

/** What it means that a session starts after others. Pure. */
import { isOutcome } from '../../storage/runState';
import type { SessionFacts } from '../../storage/sessionFacts';
import { currentRun, restorationOf, sessionState } from '../../storage/sessionState';

/** The facts of a session; undefined where there is none. */
export type FactsOf = (sessionId: string) => SessionFacts | undefined;

/** Why the session must not start yet, in a few words; undefined where all that it depends on has completed. Only its beginning depends on others. */
export function dependencyHold(facts: SessionFacts, factsOf: FactsOf): string | undefined {
  if (facts.runs.some(({ startedAt }) => startedAt !== undefined)) return undefined;
  const dependencies = facts.dependsOn ?? [];
  for (const id of dependencies) {
    const problem = problemOf(factsOf(id));
    if (problem !== undefined) return problem;
  }
  const [first, ...more] = dependencies.flatMap((id) => {
    const other = factsOf(id);
    return other === undefined || sessionState(other) === 'completed' ? [] : [`“${other.title}”`];
  });
  if (first === undefined) return undefined;
  return `waits for ${first}${more.length === 0 ? '' : ` and ${more.length} more`}`;
}

/** Why waiting for it alone will not do. */
function problemOf(other: SessionFacts | undefined): string | undefined {
  if (other === undefined) return 'waits for a session that is not there any more';
  const state = sessionState(other);
  const run = currentRun(other);
  if (run !== undefined && restorationOf(run) !== undefined) return `waits for “${other.title}”, which was cut off`;
  if (state === 'completed' || !isOutcome(state)) return undefined;
  return `waits for “${other.title}”, which ${state === 'stopped' || state === 'killed' ? 'was stopped' : 'failed'}`;
}

/** True where the session would, over whatever steps, wait for itself. */
export function wouldWaitForItself(sessionId: string, dependsOn: readonly string[], factsOf: FactsOf): boolean {
  const reached = new Set(dependsOn);
  for (const id of reached) for (const next of factsOf(id)?.dependsOn ?? []) reached.add(next); // a Set also visits what is added on the way
  return reached.has(sessionId);
}

/** Which sessions belong together, since agents started one for the other. Pure. */
import type { Starter } from './sessionRecords';

export interface StartedSession {
  id: string;
  startedBy?: Starter | undefined;
}

/** The ids from its parent up. The last one may be of a session of which nothing is known any more. */
export function ancestorsOf(id: string, starterOf: (id: string) => Starter | undefined): string[] {
  const line = [id];
  for (let parent = starterOf(id)?.sessionId; parent !== undefined; parent = starterOf(parent)?.sessionId) {
    if (line.includes(parent)) break;
    line.push(parent);
  }
  return line.slice(1);
}

/** With the session itself. */
export function descendantsOf(id: string, sessions: Iterable<StartedSession>): ReadonlySet<string> {
  const children = new Map<string, string[]>();
  for (const { id: child, startedBy } of sessions)
    if (startedBy?.sessionId !== undefined)
      children.set(startedBy.sessionId, [...(children.get(startedBy.sessionId) ?? []), child]);
  const found = new Set([id]);
  // A set that grows while it is walked gives what is added, too.
  for (const parent of found) for (const child of children.get(parent) ?? []) found.add(child);
  return found;
}

import type { SessionModel } from './sessionModel';

/** The first ports of the sessions on this computer, or on the host of that name. */
export function takenPorts(model: Pick<SessionModel, 'ids' | 'facts'>, host?: string): Set<number> {
  const there = model.ids().map((id) => model.facts(id));
  return new Set(there.flatMap((facts) => (facts.host?.name === host ? (facts.port ?? []) : [])));
}

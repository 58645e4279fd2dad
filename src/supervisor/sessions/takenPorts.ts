import type { SessionFacts } from '../../storage/sessionFacts';
import type { SessionModel } from './sessionModel';

/** The first ports of the sessions on this computer, or on the host of that name. */
export function takenPorts(model: Pick<SessionModel, 'ids' | 'facts' | 'onHost'>, host?: string): Set<number> {
  const here = (): SessionFacts[] =>
    model
      .ids()
      .map((id) => model.facts(id))
      .filter((facts) => facts.host === undefined);
  return new Set((host === undefined ? here() : model.onHost(host)).flatMap(({ port }) => port ?? []));
}

/** Where a session is to work: on this computer or on a host. */
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import type { HostSummary, SessionSummary } from '../../supervisor/api';
import { goesOn } from '../sessionPredicates';
import { absenceOf, CHECK_LABELS, conditionOf, conditionText, hasAgent, lacksAgent } from './hostTexts';

export const placeSchema = v.variant('kind', [
  v.object({ kind: v.literal('here') }),
  /** Of the hosts whose last test found the agent. */
  v.object({ kind: v.literal('leastBusy') }),
  v.object({ kind: v.literal('host'), name: v.string() }),
]);
export type Place = v.InferOutput<typeof placeSchema>;

export const HERE = { kind: 'here' } satisfies Place;

/** The place in one or two words. */
export function placeLabel(place: Place): string {
  if (place.kind === 'host') return place.name;
  return place.kind === 'here' ? l10n.t('This computer') : l10n.t('Least busy');
}

/** The place in a sentence, with what is known of it. */
export function placeDetail(place: Place, hosts: readonly HostSummary[]): string {
  if (place.kind === 'here') return l10n.t('works on this computer');
  if (place.kind === 'leastBusy') return l10n.t('works on the host with the fewest sessions for its cores');
  const host = hosts.find(({ name }) => name === place.name);
  return host === undefined ? place.name : `${place.name}: ${conditionText(host)}`;
}

/** The names of the hosts whose last test found the agent, the least busy one first. */
export function readyHosts(
  hosts: readonly HostSummary[],
  sessions: readonly SessionSummary[],
  agent: string,
): string[] {
  const ready = hosts
    .filter((host) => conditionOf(host) === 'usable' && hasAgent(host, agent))
    .map(({ name, lastTest }) => {
      const cores = Math.max(1, lastTest?.cores ?? 1);
      const atWork = sessions.filter((session) => goesOn(session) && session.host?.name === name).length;
      return { name, cores, load: atWork / cores };
    });
  return ready.sort((one, other) => one.load - other.load || other.cores - one.cores).map(({ name }) => name);
}

/** @throws CorralError HOST_UNKNOWN where no host is known to have the agent */
export function leastBusyHost(
  hosts: readonly HostSummary[],
  sessions: readonly SessionSummary[],
  agent: string,
): string {
  const [leastBusy] = readyHosts(hosts, sessions, agent);
  if (leastBusy !== undefined) return leastBusy;
  throw new CorralError(
    'HOST_UNKNOWN',
    l10n.t('No host is known to have the agent “{agent}”. Test the connection to one, or choose another place.', {
      agent,
    }),
  );
}

/**
 * Says what is known to keep a session with the agent from working on a host.
 * @throws CorralError HOST_…
 */
export function requireHost(name: string, hosts: readonly HostSummary[], agent: string): void {
  const host = hosts.find((each) => each.name === name);
  if (host === undefined)
    throw new CorralError(
      'HOST_UNKNOWN',
      l10n.t('There is no host “{name}”. Add it to the setting corral.hosts.', { name }),
    );
  const { problem, lastTest } = host;
  if (problem !== undefined) throw new CorralError('HOST_SETTINGS_INVALID', problem);
  if (conditionOf(host) === 'unreachable') throw new CorralError('HOST_UNREACHABLE', absenceOf(host));
  const failed = lastTest?.checks.find(({ state }) => state === 'failed');
  if (failed !== undefined)
    throw new CorralError(
      failed.code ?? 'HOST_FAILED',
      l10n
        .t('The last test of the host “{name}” found: {check}: {found}. {advice}', {
          name,
          check: CHECK_LABELS[failed.name],
          found: failed.found,
          advice: failed.advice ?? '',
        })
        .trim(),
    );
  if (lacksAgent(host, agent))
    throw new CorralError(
      'HOST_FAILED',
      l10n.t('The last test of the host “{name}” did not find the agent “{agent}”. Install it there, and test again.', {
        name,
        agent,
      }),
    );
}

/** What people read of hosts. */
import * as l10n from '@vscode/l10n';
import type { HostCheck, HostSummary } from '../../supervisor/api';
import { builtInAgents } from '../../supervisor/agents/builtInAgents';

export const CHECK_LABELS: Record<HostCheck['name'], string> = {
  connection: l10n.t('Connection'),
  node: l10n.t('Node'),
  git: l10n.t('Git'),
  agents: l10n.t('Agents'),
  bytes: l10n.t('Bytes'),
  detached: l10n.t('Runs without a connection'),
  slurm: l10n.t('Slurm'),
  clock: l10n.t('Clock'),
  disk: l10n.t('Disk'),
};

/** `wrong`: its entry in the setting is. `unusable`: it lacks what every session needs. */
export type HostCondition = 'wrong' | 'untested' | 'unreachable' | 'unusable' | 'usable';

export function conditionOf({ problem, failure, lastTest, connection }: HostSummary): HostCondition {
  if (problem !== undefined) return 'wrong';
  const isConnected = connection?.state === 'connected';
  if (connection?.state === 'unreachable' || (failure !== undefined && !isConnected)) return 'unreachable';
  if (lastTest === undefined) return 'untested';
  return lastTest.usable ? 'usable' : 'unusable';
}

/** The condition in words, with its reason. */
export function conditionText(host: HostSummary): string {
  const { problem = '', lastTest, connection } = host;
  switch (conditionOf(host)) {
    case 'wrong':
      return problem;
    case 'untested':
      return connection?.state === 'connected' ? l10n.t('connected, not tested') : l10n.t('not tested');
    case 'unreachable':
      return l10n.t('not reachable: {reason}', { reason: absenceOf(host) });
    case 'unusable':
      return l10n.t('unusable: {reasons}', { reasons: (lastTest?.checks ?? []).flatMap(failureText).join(', ') });
    case 'usable': {
      const agents = lastTest?.agents.map(({ name }) => name).join(', ') ?? '';
      return agents === '' ? l10n.t('reachable, no agent found') : l10n.t('reachable, with {agents}', { agents });
    }
  }
}

/** Why the host is not reachable. */
export function absenceOf({ connection, failure }: HostSummary): string {
  return connection?.reason ?? failure?.reason ?? '';
}

function failureText({ name, state, found }: HostCheck): string[] {
  return state === 'failed' ? [`${CHECK_LABELS[name]} (${found})`] : [];
}

/** True where the host's last test found the agent, or Corral brings it along. */
export function hasAgent({ lastTest }: HostSummary, agent: string): boolean {
  return isBroughtAlong(agent) || lastTest?.agents.some(({ name }) => name === agent) === true;
}

/** True where the last test looked for the agent in vain; it looks for no agents of the settings. */
export function lacksAgent(host: HostSummary, agent: string): boolean {
  return host.lastTest !== undefined && builtInAgents().has(agent) && !hasAgent(host, agent);
}

/** The demo comes with Corral, and the program of a command is named by a person. */
function isBroughtAlong(agent: string): boolean {
  return agent === 'demo' || agent === 'command';
}

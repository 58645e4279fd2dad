import * as l10n from '@vscode/l10n';
import type { HostSpace, HostSummary, HostTestReport } from '../../supervisor/api';
import { formatBytes } from '../text/formatBytes';
import { conditionOf, conditionText } from './hostTexts';

/** What the view shows of one host: plain values. */
export interface HostRow {
  description: string;
  tooltip: [name: string, value: string][];
  /** What its menu depends on. */
  flags: string[];
  accessibleLabel: string;
}

/** `running`: the sessions that work there. */
export function hostRow(host: HostSummary, running: number): HostRow {
  const { name, enteredBy, target = '', lastTest, connection } = host;
  const atWork = running === 1 ? l10n.t('1 running') : l10n.t('{0} running', running);
  const figures = lastTest === undefined ? [] : figuresOf(lastTest);
  const isUsable = conditionOf(host) === 'usable';
  const condition = conditionText(host);
  return {
    description: [...(running > 0 ? [atWork] : []), ...(isUsable ? figures : [shortCondition(host)])].join(' · '),
    tooltip: [
      [l10n.t('State'), condition],
      ...(target === '' ? [] : [[l10n.t('Entered by'), target] satisfies [string, string]]),
      ...(connection === undefined ? [] : [connectionLine(connection)]),
      [l10n.t('Sessions'), atWork],
      ...(lastTest === undefined ? [] : testLines(lastTest)),
    ],
    flags: ['host', ...(enteredBy === undefined ? [] : [enteredBy])],
    accessibleLabel: [name, condition, atWork, ...(isUsable ? figures : [])].join(', '),
  };
}

/** The condition for a narrow row; its tooltip has the reason. */
function shortCondition(host: HostSummary): string {
  switch (conditionOf(host)) {
    case 'wrong':
      return l10n.t('wrong settings');
    case 'unreachable':
      return l10n.t('not reachable');
    default:
      return conditionText(host);
  }
}

/** In a row; agents first, since they decide what can work there. */
function figuresOf({ agents, cores, memory, disk, roundTripMs }: HostTestReport): string[] {
  return [
    agents.length === 0 ? l10n.t('no agent') : agents.map(({ name }) => name).join(' '),
    l10n.t('{0} ms', roundTripMs),
    cores === 1 ? l10n.t('1 core') : l10n.t('{0} cores', cores),
    l10n.t('{size} memory', { size: formatBytes(memory.freeBytes) }),
    l10n.t('{size} disk', { size: formatBytes(disk.freeBytes) }),
  ];
}

function testLines({ agents, cores, memory, disk, roundTripMs, testedAt }: HostTestReport): [string, string][] {
  const named = agents.map(({ name, version }) => (version === undefined ? name : `${name} ${version}`));
  return [
    [l10n.t('Agents'), named.length === 0 ? l10n.t('none found') : named.join(', ')],
    [l10n.t('Lag'), l10n.t('{0} ms', roundTripMs)],
    [l10n.t('Cores'), String(cores)],
    [l10n.t('Memory'), spaceText(memory)],
    [l10n.t('Disk'), spaceText(disk)],
    [l10n.t('Tested'), new Date(testedAt).toLocaleString()],
  ];
}

function spaceText({ bytes, freeBytes }: HostSpace): string {
  return l10n.t('{free} of {all} free', { free: formatBytes(freeBytes), all: formatBytes(bytes) });
}

function connectionLine({ state, since }: NonNullable<HostSummary['connection']>): [string, string] {
  const time = { since: new Date(since).toLocaleString() };
  const words: Record<typeof state, string> = {
    connecting: l10n.t('being made'),
    connected: l10n.t('since {since}', time),
    unreachable: l10n.t('none since {since}', time),
  };
  return [l10n.t('Connection'), words[state]];
}

/** Every reason why a queued session does not start yet. A new reason is one more entry of a list. */
import * as l10n from '@vscode/l10n';
import type { SessionFacts } from '../../../storage/sessionFacts';
import type { FactsOf } from '../../sessions/dependencies';
import { dependencyHold } from '../../sessions/dependencies';
import type { LiveFacts } from '../../sessions/summary';
import type { SupervisorSettings } from '../../settings';
import { readFreeMemory } from '../../system/processTable';
import { limitHold, type LimitSituation } from '../limits/limitHold';

const MEBIBYTE = 1024 * 1024;

/** Runs that were started and have not ended, in one place. */
export interface RunsInPlace {
  /** The sessions that have them. */
  startedIds: Set<string>;
  /** How many of them wait for a person's answer. */
  waitingCount: number;
}

export interface StartedRuns {
  here: RunsInPlace;
  /** By the names of hosts. */
  onHosts: Map<string, RunsInPlace>;
}

/** What is known of hosts without asking them. */
export interface QueueHosts {
  /** Why no run can be started there now, in a few words; undefined where one can. */
  holdOf(name: string): string | undefined;
  /** How many runs there may be at once. */
  limitOf(name: string): number | undefined;
}

export interface QueueSituation extends StartedRuns {
  settings: SupervisorSettings;
  hosts: QueueHosts;
  isTrusted: boolean;
}

export function noRuns(): StartedRuns {
  return { here: noRunsInPlace(), onHosts: new Map() };
}

/** The runs in the place of the session, added where there are none yet. */
export function runsInPlaceOf({ host }: Pick<SessionFacts, 'host'>, { here, onHosts }: StartedRuns): RunsInPlace {
  if (host === undefined) return here;
  const known = onHosts.get(host.name);
  if (known !== undefined) return known;
  const runs = noRunsInPlace();
  onHosts.set(host.name, runs);
  return runs;
}

function noRunsInPlace(): RunsInPlace {
  return { startedIds: new Set(), waitingCount: 0 };
}

/** The reason in a few words, which people read after the session's position; undefined where it does not apply. */
type Reason = string | undefined;

/** Reasons that hold one session while others may start. The first that applies is shown. */
const SESSION_HOLDS: readonly ((facts: SessionFacts, factsOf: FactsOf, limits: LimitSituation) => Reason)[] = [
  dependencyHold,
  (facts, _factsOf, limits) => limitHold(facts, limits),
];

/** Reasons that hold all sessions of this computer. The first that applies is shown. */
const QUEUE_HOLDS: readonly ((situation: QueueSituation) => Reason | Promise<Reason>)[] = [
  concurrencyHold,
  memoryHold,
  trustHold,
];

/** True where a cluster's scheduler has the run, which then waits in no queue of ours. */
export function isSubmitted({ job }: LiveFacts, runId: string): boolean {
  return job?.runId === runId;
}

/** Why this session may not start. */
export function sessionHold(facts: SessionFacts, factsOf: FactsOf, limits: LimitSituation): Reason {
  for (const hold of SESSION_HOLDS) {
    const reason = hold(facts, factsOf, limits);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Why no session on the host may start now. */
export function hostHold(name: string, situation: QueueSituation): Reason {
  const { onHosts, hosts, settings } = situation;
  const reason = trustHold(situation) ?? hosts.holdOf(name);
  if (reason !== undefined) return reason;
  const limit = hosts.limitOf(name);
  const runs = onHosts.get(name);
  if (limit === undefined || runs === undefined) return undefined;
  const running = countRuns(runs, settings);
  return running < limit
    ? undefined
    : l10n.t('{running} of {limit} running on the host “{name}”', { running, limit, name });
}

/** Why no session here may start now. */
export async function queueHold(situation: QueueSituation): Promise<Reason> {
  for (const hold of QUEUE_HOLDS) {
    const reason = await hold(situation);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Who waits for a person gives its slot away, unless that is not wanted: the answer may be hours away. */
function countRuns({ startedIds, waitingCount }: RunsInPlace, { countWaitingRuns }: SupervisorSettings): number {
  return countWaitingRuns ? startedIds.size : startedIds.size - waitingCount;
}

function concurrencyHold({ here, settings }: QueueSituation): Reason {
  const { maxConcurrentRuns: limit, countWaitingRuns } = settings;
  const { waitingCount } = here;
  const running = countRuns(here, settings);
  if (running < limit) return undefined;
  return countWaitingRuns && waitingCount > 0
    ? l10n.t('{running} of {limit} running, {waiting} of them waiting for your answer', {
        running,
        limit,
        waiting: waitingCount,
      })
    : l10n.t('{running} of {limit} running', { running, limit });
}

async function memoryHold({
  here: { startedIds },
  settings: { minimumFreeMemoryMiB },
}: QueueSituation): Promise<Reason> {
  // With nothing running, none would ever give memory back.
  if (startedIds.size === 0 || minimumFreeMemoryMiB === 0) return undefined;
  const freeMiB = (await readFreeMemory()) / MEBIBYTE;
  return freeMiB >= minimumFreeMemoryMiB
    ? undefined
    : l10n.t('{free} MB of memory are free, {limit} MB are kept', {
        free: Math.round(freeMiB),
        limit: minimumFreeMemoryMiB,
      });
}

function trustHold({ isTrusted }: QueueSituation): Reason {
  return isTrusted ? undefined : l10n.t('no window is open whose workspace is trusted');
}

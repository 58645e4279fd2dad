/** What is asked of a host about the runs of a session. Each throws as `HostConnection.ask`. */
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { foundRunSchema, nothingSchema, type FoundRun } from '../../hostProtocol/sessionRequests';
import type { OpenHost } from './hostStores';

export interface SessionIds {
  storeId: string;
  sessionId: string;
}
export interface RunIds extends SessionIds {
  runId: string;
}

export async function findRun({ connection }: OpenHost, ids: RunIds): Promise<FoundRun> {
  const request: HostRequestOf<'findRun'> = { request: 'findRun', ...ids };
  return await connection.ask(request, foundRunSchema);
}

/** Gives a run up that no runner has claimed yet. Answers with what became of it. */
export async function cancelRun({ connection }: OpenHost, ids: RunIds, reason: string): Promise<FoundRun> {
  const request: HostRequestOf<'cancelRun'> = { request: 'cancelRun', ...ids, reason };
  return await connection.ask(request, foundRunSchema);
}

/** Ends the processes of a run, those of its agent after `graceMs`. */
export async function endRun({ connection }: OpenHost, ids: RunIds, graceMs: number): Promise<void> {
  const request: HostRequestOf<'endRun'> = { request: 'endRun', ...ids, graceMs };
  await connection.ask(request, nothingSchema);
}

/** Ends what setup commands of a session left running, after `graceMs` by force. */
export async function endServers({ connection }: OpenHost, ids: SessionIds, graceMs: number): Promise<void> {
  const request: HostRequestOf<'endServers'> = { request: 'endServers', ...ids, graceMs };
  await connection.ask(request, nothingSchema);
}

/** Makes the run's runner give up, wherever it lives, since a person said that it is gone. */
export async function giveUpRun({ connection }: OpenHost, ids: RunIds): Promise<void> {
  const request: HostRequestOf<'giveUpRun'> = { request: 'giveUpRun', ...ids };
  await connection.ask(request, nothingSchema);
}

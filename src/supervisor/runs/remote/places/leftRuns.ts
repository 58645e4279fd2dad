/** Runs that were left where they worked, since their session went on elsewhere. */
import { settledWithin } from '../../../../common/settledWithin';
import { CorralError } from '../../../../storage/errors';
import type { SessionFacts } from '../../../../storage/sessionFacts';
import { hostOfRun } from '../../../../storage/sessionState';
import type { FoundRun } from '../../../hostProtocol/sessionRequests';
import { connectRunner } from '../../runnerClient';
import { cancelRun, endRun, findRun, type RunIds } from '../hostRuns';
import type { OpenHost } from '../hostStores';
import { connectToRun } from '../jobs/nodeStreams';

const ANSWER_LIMIT_MS = 10_000;
/** For its last snapshot, once its agent has ended. */
const LAST_WORK_LIMIT_MS = 60_000;

export function isLeft({ runs }: SessionFacts, runId: string): boolean {
  return runs.some((run) => run.runId === runId && run.formerPlace !== undefined);
}

/** The session as if it worked there; undefined for this computer. */
export function atPlace(facts: SessionFacts, host: SessionFacts['host']): SessionFacts {
  const moved = { ...facts };
  delete moved.host;
  return host === undefined ? moved : { ...moved, host };
}

/** The session as it was when this run worked for it. */
export function asOfRun(facts: SessionFacts, runId: string): SessionFacts {
  const run = facts.runs.find((each) => each.runId === runId);
  if (run?.formerPlace === undefined) return facts;
  return atPlace(facts, hostOfRun(facts, run));
}

/**
 * Ends what a run that was left still does on its host: its runner is asked first, so that it records the end and takes
 * a last snapshot.
 * @returns whether it is over, and the bytes of its journal where nothing is added any more
 * @throws CorralError HOST_UNREACHABLE, HOST_FAILED
 */
export async function endLeftRun(
  host: OpenHost,
  { nonce, graceMs, ...ids }: RunIds & { nonce: string; graceMs: number },
): Promise<{ isOver: boolean; journalBytes?: number }> {
  const found = await cancelRun(host, ids, 'The session went on elsewhere.');
  if (found.claim?.state !== 'claimed') return { isOver: true };
  const { endpoint } = found.claim;
  if (found.liveness !== 'dead')
    await askToStop(host, found, { endpoint, nonce }, graceMs + LAST_WORK_LIMIT_MS).catch((error: unknown) => {
      if (error instanceof CorralError && error.code === 'HOST_UNREACHABLE') throw error;
    });
  await endRun(host, ids, graceMs);
  const { liveness, journalBytes } = await findRun(host, ids);
  return liveness === 'dead' ? { isOver: true, journalBytes } : { isOver: false };
}

/** Settles when the runner has ended, or after the limit. @throws CorralError where it does not answer */
async function askToStop(
  { connection }: OpenHost,
  found: FoundRun,
  { endpoint, nonce }: { endpoint: string; nonce: string },
  limitMs: number,
): Promise<void> {
  const socket = await connectToRun(connection, found, endpoint);
  const client = await connectRunner({ endpoint: socket, nonce, timeoutMs: ANSWER_LIMIT_MS });
  const ended = new Promise<void>((resolve) => client.onClosed(resolve));
  try {
    await client.request('stop', {}, ANSWER_LIMIT_MS);
    await settledWithin(ended, limitMs);
  } finally {
    client.close();
  }
}

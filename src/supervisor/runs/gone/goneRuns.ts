/** Runs that a person marked as gone, and that may live all the same. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunFacts, SessionFacts } from '../../../storage/sessionFacts';
import { isMarkedGone } from '../../../storage/sessionState';
import { readBootstrap } from '../../runnerProtocol/bootstrapFile';
import { readClaim } from '../../runnerProtocol/claimFile';
import { runnerLiveness } from '../../runnerProtocol/runnerLiveness';
import type { SessionStore } from '../../sessions/sessionStore';
import { killRun } from '../killRun';
import type { RunnerConnections } from '../runnerConnections';

/** For a runner that answers to end its agent. */
const END_LIMIT_MS = 15_000;
const POLL_MS = 50;

export interface GoneRunsOptions {
  store: SessionStore;
  connections: RunnerConnections;
}

/** True where nobody started another run since, so that the session is shown as this run is. */
export function isNewest({ runs }: SessionFacts, run: RunFacts): boolean {
  return runs.every(({ ordinal }) => ordinal <= run.ordinal);
}

/**
 * Looks whether a run that was marked as gone answers after all: then it is recorded, and shown as alive again.
 * `dead` is final.
 */
export async function listenToGoneRun(
  { store, connections }: GoneRunsOptions,
  sessionId: string,
  runId: string,
): Promise<'dead' | 'silent' | 'speaks'> {
  const run = store.paths.session(sessionId).run(runId);
  const claim = await readClaim(run);
  if (claim?.state !== 'claimed' || (await runnerLiveness(claim)) === 'dead') return 'dead';
  try {
    await connections.connect(await readBootstrap(run), claim);
  } catch {
    return 'silent';
  }
  await store.append(sessionId, ({ runs }) => {
    const now = runs.find((each) => each.runId === runId);
    return now !== undefined && isMarkedGone(now) ? { kind: 'run.spoke', data: { runId } } : undefined;
  });
  return 'speaks';
}

/**
 * Ends what is left of the session's runs that were marked as gone, before another one works in the same worktree.
 * One that neither answers nor can be looked at is gone, as the person said.
 * @throws CorralError as `killRun`
 */
export async function endGoneRuns(options: GoneRunsOptions, facts: SessionFacts): Promise<void> {
  const { store, connections } = options;
  for (const { runId } of facts.runs.filter(isMarkedGone)) {
    const run = store.paths.session(facts.sessionId).run(runId);
    const claim = await readClaim(run);
    if (claim?.state !== 'claimed') continue;
    const life = await runnerLiveness(claim);
    if (life !== 'unknown') {
      await killRun(run, runId);
      continue;
    }
    const isConnected = await connections.connect(await readBootstrap(run), claim).then(
      () => true,
      () => false,
    );
    if (isConnected) await endByRequest(connections, runId);
  }
}

/** A runner that gives up by itself closes the connection as well. */
async function endByRequest(connections: RunnerConnections, runId: string): Promise<void> {
  await connections.request(runId, 'kill', {}).catch(() => undefined);
  const end = performance.now() + END_LIMIT_MS;
  while (performance.now() < end && connections.has(runId)) await delay(POLL_MS);
}

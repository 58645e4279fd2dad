import { rm } from 'node:fs/promises';
import { messageOf } from '../../common/errors';
import type { Log } from '../../common/log';
import type { RunFacts } from '../../storage/sessionFacts';
import { isOpen } from '../../storage/sessionState';
import { readBootstrap } from '../runnerProtocol/bootstrapFile';
import { readClaim } from '../runnerProtocol/claimFile';
import { removeEndpoint } from '../runnerProtocol/privateSocket';
import { runnerLiveness } from '../runnerProtocol/runnerLiveness';
import type { SessionStore } from '../sessions/sessionStore';
import type { SupervisorSettings } from '../settings';
import { killTree } from '../system/processTree';
import type { RunClosing } from './closeRun';
import { closeRun, requestedClosing } from './closeRun';
import type { RunnerConnections } from './runnerConnections';

/** What became of a run that was not known to have ended. */
export type Resolution =
  | { kind: 'readopted' }
  | { kind: 'ended' }
  | { kind: 'unreachable' }
  /** A person marked it as gone, and it is silent still. */
  | { kind: 'gone' }
  | { kind: 'waiting' }
  | { kind: 'closed'; restored: boolean };

export interface RecoveryOptions {
  store: SessionStore;
  connections: RunnerConnections;
  settings: () => SupervisorSettings;
  log: Log;
}

/**
 * Finds out what became of a run: the four cases of docs/architecture.md, “Start-up”.
 * Several windows may do so at once.
 */
export async function resolveRun(options: RecoveryOptions, sessionId: string, runId: string): Promise<Resolution> {
  const { store, connections, log } = options;
  const run = store.paths.session(sessionId).run(runId);
  const isStillOpen = async (): Promise<boolean> => {
    const facts = (await store.sync(sessionId))?.runs.find((each) => each.runId === runId);
    return facts !== undefined && isOpen(facts);
  };
  const close = async (evidence: string): Promise<Resolution> => {
    let restored = false;
    const isRecorded = await closeRun(store, { sessionId, runId }, (facts) => {
      const closing = closingOf(facts, evidence, options.settings().recoveryPolicy);
      restored = closing.restored;
      return closing;
    });
    return isRecorded ? { kind: 'closed', restored } : { kind: 'ended' };
  };

  const claim = await readClaim(run);
  if (claim === undefined) return { kind: (await isStillOpen()) ? 'waiting' : 'ended' };
  if (claim.state === 'void')
    return await close(`The run was given up before its background process started: ${claim.reason}`);

  if ((await runnerLiveness(claim)) !== 'dead') {
    try {
      await connections.connect(await readBootstrap(run), claim);
      return { kind: 'readopted' };
    } catch (error) {
      // A runner that is just ending has written its last record before its process is gone.
      if (!(await isStillOpen())) return { kind: 'ended' };
      if ((await runnerLiveness(claim)) !== 'dead') {
        log.warn(`The runner of run ${runId} does not answer: ${messageOf(error)}`);
        return { kind: 'unreachable' };
      }
    }
  }
  if (!(await isStillOpen())) return { kind: 'ended' };
  await killTree({ runId, agent: claim.agent });
  await removeEndpoint(claim.endpoint, run, runId);
  await rm(run.reserve, { force: true });
  return await close(
    'The background process of this run ended without a word (power loss, restart of the machine, or it was killed).',
  );
}

/** How a run is closed that ended without a word. */
export function closingOf(run: RunFacts, evidence: string, policy: SupervisorSettings['recoveryPolicy']): RunClosing {
  // Whoever asked for the end got it, even though the runner could not record it.
  if (run.killRequested === true || run.stopRequestedAt !== undefined) return requestedClosing(run);
  const recoveryHint = run.nativeSessionId === undefined ? 'restart' : 'resume';
  return { outcome: 'lost', restored: policy === 'restore', evidence, recoveryHint };
}

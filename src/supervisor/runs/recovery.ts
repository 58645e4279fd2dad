import { readFile, rm } from 'node:fs/promises';
import * as v from 'valibot';
import { messageOf } from '../../common/errors';
import type { StorePaths } from '../../storage/paths';
import type { DraftSessionRecord } from '../../storage/sessionRecords';
import type { RunFacts } from '../../storage/sessionFacts';
import { isOpen } from '../../storage/sessionState';
import { liveness } from '../system/identity';
import { killTree } from '../system/processTree';
import type { RunnerConnections } from './runnerConnections';
import { removeEndpoint } from '../runnerProtocol/privateSocket';
import type { RunBootstrap } from '../runnerProtocol/protocol';
import { bootstrapSchema } from '../runnerProtocol/protocol';
import { readClaim } from '../runnerProtocol/claimFile';
import type { SessionStore } from '../sessions/sessionStore';
import type { SupervisorSettings } from '../settings';
import type { Log } from '../../common/log';

/** What became of a run that was not known to have ended. */
export type Resolution =
  | { kind: 'readopted' }
  | { kind: 'ended' }
  | { kind: 'unreachable' }
  | { kind: 'waiting' }
  | { kind: 'closed'; restored: boolean };

export interface RecoveryOptions {
  store: SessionStore;
  connections: RunnerConnections;
  settings: () => SupervisorSettings;
  log: Log;
}

export async function readBootstrap(paths: StorePaths, sessionId: string, runId: string): Promise<RunBootstrap> {
  const content: unknown = JSON.parse(await readFile(paths.session(sessionId).run(runId).bootstrap, 'utf8'));
  return v.parse(bootstrapSchema, content);
}

/** Finds out what became of a run: the four cases of docs/architecture.md, “Start-up”. Several windows may do so at once. */
export async function resolveRun(options: RecoveryOptions, sessionId: string, runId: string): Promise<Resolution> {
  const runPaths = options.store.paths.session(sessionId).run(runId);
  const claim = await readClaim(runPaths);
  // The queue's business: whichever window starts it next.
  if (claim === undefined)
    return (await isStillOpen(options, sessionId, runId)) ? { kind: 'waiting' } : { kind: 'ended' };
  if (claim.state === 'void')
    return await close(
      options,
      sessionId,
      runId,
      `The run was given up before its background process started: ${claim.reason}`,
    );

  const life = await liveness(claim.runner);
  if (life !== 'dead') {
    try {
      await options.connections.connect(await readBootstrap(options.store.paths, sessionId, runId), claim);
      return { kind: 'readopted' };
    } catch (error) {
      // It may just be ending: its last word counts before its process is gone. Only one that is gone for certain is treated as gone.
      if (!(await isStillOpen(options, sessionId, runId))) return { kind: 'ended' };
      if ((await liveness(claim.runner)) !== 'dead') {
        options.log.warn(`The runner of run ${runId} does not answer: ${messageOf(error)}`);
        return { kind: 'unreachable' };
      }
    }
  }
  if (!(await isStillOpen(options, sessionId, runId))) return { kind: 'ended' };
  await killTree({ runId, agent: claim.agent });
  await removeEndpoint(claim.endpoint, runId);
  await rm(runPaths.reserve, { force: true });
  return await close(
    options,
    sessionId,
    runId,
    'The background process of this run ended without a word (power loss, restart of the machine, or it was killed).',
  );
}

async function isStillOpen(options: RecoveryOptions, sessionId: string, runId: string): Promise<boolean> {
  const run = (await options.store.sync(sessionId))?.runs.find((each) => each.runId === runId);
  return run !== undefined && isOpen(run);
}

async function close(
  options: RecoveryOptions,
  sessionId: string,
  runId: string,
  evidence: string,
): Promise<Resolution> {
  let resolution: Resolution = { kind: 'ended' };
  await options.store.append(sessionId, (facts) => {
    const run = facts.runs.find((each) => each.runId === runId);
    if (run === undefined || !isOpen(run)) return undefined; // another window was quicker, or its last word came after all
    const record = closing(run, evidence, options.settings().recoveryPolicy);
    resolution = { kind: 'closed', restored: record.data.restored };
    return record;
  });
  return resolution;
}

function closing(
  run: RunFacts,
  evidence: string,
  policy: SupervisorSettings['recoveryPolicy'],
): DraftSessionRecord & { kind: 'run.closed' } {
  // Whoever asked for the end got it, even though the runner could not say so.
  const { runId, eventCount: afterSeq } = run;
  if (run.killRequested === true)
    return {
      kind: 'run.closed',
      data: { runId, outcome: 'killed', restored: false, evidence: 'Killed by you', afterSeq },
    };
  if (run.stopRequestedAt !== undefined)
    return {
      kind: 'run.closed',
      data: { runId, outcome: 'stopped', restored: false, evidence: 'Stopped by you', afterSeq },
    };
  const recoveryHint = run.nativeSessionId === undefined ? 'restart' : 'resume';
  return {
    kind: 'run.closed',
    data: { runId, outcome: 'lost', restored: policy === 'restore', evidence, recoveryHint, afterSeq },
  };
}

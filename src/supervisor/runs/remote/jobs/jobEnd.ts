/** What the end of a job means for its run. The sentences stand in journals. */
import type { RunFacts } from '../../../../storage/sessionFacts';
import { jobOutcome } from '../../../../storage/sessionState';
import type { Job } from '../../../hostProtocol/jobs';
import { JOB_FORGOTTEN } from '../../../hostProtocol/jobs';
import type { FoundRun } from '../../../hostProtocol/sessionRequests';
import type { SessionStore } from '../../../sessions/sessionStore';
import type { SupervisorSettings } from '../../../settings';
import type { RunClosing } from '../../closeRun';
import { requestedClosing } from '../../closeRun';
import { closingOf } from '../../recovery';

const SENTENCES: Readonly<Record<string, string>> = {
  CANCELLED: 'was cancelled',
  TIMEOUT: 'reached its time limit',
  OUT_OF_MEMORY: 'used more memory than it may',
  PREEMPTED: 'had to make room for another job',
  NODE_FAIL: 'lost its node',
  [JOB_FORGOTTEN]: 'has ended, and the reason is no longer known',
};

export function sentenceOf({ id, state, reason }: Job): string {
  const detail = reason === undefined ? '' : `: ${reason}`;
  return `Slurm job ${id} ${SENTENCES[state] ?? 'ended without a word of its run'} (${state}${detail})`;
}

/** How a run is closed whose runner is dead, or never began. */
export function closingOfFound(
  run: RunFacts,
  { claim, job }: FoundRun,
  policy: SupervisorSettings['recoveryPolicy'],
): RunClosing {
  if (job === undefined) return closingOf(run, evidenceOf(claim), policy);
  if (run.stopRequestedAt !== undefined) return requestedClosing(run);
  const evidence = sentenceOf(job);
  const hasBegun = claim?.state === 'claimed';
  const outcome = jobOutcome(job.state) ?? (hasBegun ? undefined : 'failed');
  return outcome === undefined ? closingOf(run, evidence, policy) : { outcome, restored: false, evidence };
}

function evidenceOf(claim: FoundRun['claim']): string {
  return claim?.state === 'claimed'
    ? 'The background process of this run on its host ended without a word.'
    : `The run was given up before its background process started: ${claim?.state === 'void' ? claim.reason : ''}`;
}

/** Records the scheduler's word, once. */
export async function recordJobEnd(
  store: SessionStore,
  { sessionId, runId }: { sessionId: string; runId: string },
  job: Job,
): Promise<void> {
  await store.append(sessionId, ({ runs }) => {
    const run = runs.find((each) => each.runId === runId);
    if (run === undefined || run.job !== undefined) return undefined;
    return { kind: 'job.ended', data: { runId, jobId: job.id, state: job.state, reason: sentenceOf(job) } };
  });
}

/** What became of the jobs that runs are. A file in the run's folder has the job's id, and how it ended. */
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { ChannelError } from '../../../common/channels/channel';
import { readRegular } from '../../../common/disks/regularFile';
import { messageOf } from '../../../common/errors';
import { ifExists } from '../../../common/ifExists';
import { parseJson } from '../../../common/lines/jsonLimits';
import { oneLine } from '../../../common/oneLine';
import { replaceFile } from '../../../storage/journal/durableFile';
import type { RunPaths } from '../../../storage/paths';
import { hasJobEnded, JOB_FORGOTTEN, jobSchema, SCHEDULER_SILENT, type Job } from '../../hostProtocol/jobs';
import type { Liveness } from '../../system/identity';
import { accountedState, doNodesAnswer, readCluster, scancel, squeue, type ListedJob } from './slurmPrograms';

/** A window looks at its runs every 5 s; all that look meanwhile share one answer of the scheduler. */
const MAX_AGE_MS = 4_500;
/** Added to the time that the scheduler gives a job to end: for the last snapshot, and for its own work. */
const END_LIMIT_MS = 30_000;
const POLL_MS = 1_000;

const jobFileSchema = v.object({
  /** Absent until it was submitted, as far as that is known. */
  id: v.exactOptional(v.string()),
  /** How it ended. */
  end: v.exactOptional(
    v.object({
      ...jobSchema.entries,
      nodes: v.string(),
      /** Milliseconds since 1970, by when the processes of its node are gone in any case. */
      goneByMs: v.exactOptional(v.number()),
    }),
  ),
});
type JobFile = v.InferOutput<typeof jobFileSchema>;

export function jobName(runId: string): string {
  return `corral-${runId}`;
}

/** Undefined where the run is no job. */
export async function readJobFile(run: RunPaths): Promise<JobFile | undefined> {
  const text = await ifExists(readRegular(run.job));
  const parsed = v.safeParse(jobFileSchema, text === undefined ? undefined : parseJson(text)?.json);
  return parsed.success ? parsed.output : undefined;
}

export async function writeJobFile(run: RunPaths, file: JobFile): Promise<void> {
  await replaceFile(run.job, Buffer.from(JSON.stringify(file)));
}

/** The run's job as the scheduler tells of it now; undefined where it is none, or was not submitted yet. */
export async function findJob(run: RunPaths, runId: string): Promise<Job | undefined> {
  const file = await readJobFile(run);
  if (file === undefined) return undefined;
  if (file.end !== undefined && file.end.state !== 'NODE_FAIL') return shown(file.end);
  let listed: ListedJob | undefined;
  try {
    const isIt = ({ id, name }: ListedJob): boolean =>
      file.id === undefined ? name === jobName(runId) : id === file.id;
    // One that was submitted a moment ago may be missing in what was told before.
    listed = (await listJobs()).find(isIt) ?? (await listJobs(0)).find(isIt);
  } catch (error) {
    if (file.id === undefined) throw error;
    return { id: file.id, state: SCHEDULER_SILENT, reason: oneLine(messageOf(error)) };
  }
  if (listed !== undefined) return await note(run, file, listed);
  if (file.id === undefined) return undefined;
  if (file.end !== undefined) return shown(file.end);
  const accounted = await accountedState(file.id);
  const state = accounted !== undefined && hasJobEnded({ state: accounted }) ? accounted : JOB_FORGOTTEN;
  const end = { id: file.id, state, nodes: '' };
  await writeJobFile(run, { id: file.id, end });
  return shown(end);
}

/** Whether the runner of a job may still write, where its process cannot be looked at from here. */
export async function livenessOfJob(run: RunPaths, { state }: Job): Promise<Liveness> {
  if (state === SCHEDULER_SILENT) return 'unknown';
  if (!hasJobEnded({ state })) return 'alive';
  if (state !== 'NODE_FAIL') return 'dead';
  const { nodes = '', goneByMs = Infinity } = (await readJobFile(run))?.end ?? {};
  if (Date.now() > goneByMs) return 'dead';
  // One that comes back is told at once to end what it should not have.
  return nodes !== '' && (await doNodesAnswer(nodes).catch(() => false)) ? 'dead' : 'unknown';
}

/** Cancels a job that may not have begun. */
export async function cancelJob(run: RunPaths, runId: string): Promise<void> {
  const job = await findJob(run, runId);
  if (job !== undefined && !hasJobEnded(job)) await scancel(job.id);
}

/**
 * Ends a job, whose processes the scheduler asks to end first.
 * @throws ChannelError where it is not known to have ended
 */
export async function endJob(run: RunPaths, runId: string): Promise<void> {
  const job = await findJob(run, runId);
  if (job === undefined) return;
  const { killWaitMs } = await readCluster();
  if (!hasJobEnded(job)) await scancel(job.id).catch(() => undefined); // it may have ended meanwhile
  const endMs = performance.now() + killWaitMs + END_LIMIT_MS;
  for (;;) {
    const now = await findJob(run, runId);
    if (now === undefined || (await livenessOfJob(run, now)) === 'dead') return;
    if (now.state === 'NODE_FAIL')
      throw new ChannelError('FAILED', `The node of job ${now.id} failed, and its processes may live there still`);
    if (performance.now() > endMs) throw new ChannelError('FAILED', `Job ${now.id} has not ended: it is ${now.state}`);
    await delay(POLL_MS);
    await listJobs(0).catch(() => undefined);
  }
}

let told: { atMs: number; jobs: Promise<ListedJob[]> } | undefined;

/** The user's jobs, as they were at most so long ago. */
export async function listJobs(maxAgeMs = MAX_AGE_MS): Promise<ListedJob[]> {
  if (told === undefined || performance.now() - told.atMs >= maxAgeMs)
    told = { atMs: performance.now(), jobs: squeue() };
  return await told.jobs;
}

async function note(run: RunPaths, file: JobFile, listed: ListedJob): Promise<Job> {
  const { id, state, nodes, reason, startMs, limitMs } = listed;
  const job = { id, state, ...(reason === '' || reason === 'None' ? {} : { reason: oneLine(reason) }) };
  if (!hasJobEnded(job)) {
    if (file.id === undefined) await writeJobFile(run, { id });
    return job;
  }
  const { killWaitMs } = await readCluster();
  const goneByMs = startMs === undefined || limitMs === undefined ? {} : { goneByMs: startMs + limitMs + killWaitMs };
  const said = state === 'FAILED' ? await lastOutput(run) : '';
  const end = { ...job, ...(said === '' ? {} : { reason: said }), nodes, ...goneByMs };
  if (file.end === undefined) await writeJobFile(run, { id, end });
  return shown(end);
}

/** Why a job ended that could not begin its runner, such as for want of Node on its node. */
async function lastOutput(run: RunPaths): Promise<string> {
  const text = (await ifExists(readRegular(run.jobOutput))) ?? '';
  return oneLine(text.trim().split('\n').at(-1) ?? '');
}

function shown({ id, state, reason }: NonNullable<JobFile['end']>): Job {
  return { id, state, ...(reason === undefined ? {} : { reason }) };
}

import { rm } from 'node:fs/promises';
import { messageOf } from '../../../common/errors';
import { replaceFile } from '../../../storage/journal/durableFile';
import type { RunPaths } from '../../../storage/paths';
import { publishVoidClaim, readClaim } from '../../runnerProtocol/claimFile';
import type { Assignment } from '../../runnerProtocol/protocol';
import { runnerEnvironment, type RunnerLaunch } from '../../runs/runnerLauncher';
import { withLock } from '../../system/locks';
import { jobName, listJobs, readJobFile, writeJobFile } from './jobs';
import { readCluster, sbatch, squeue } from './slurmPrograms';

/** Before the time limit, the runner of a job is told by a signal. */
const WARNING_SECONDS = 60;
/** They belong to this login, to this machine, or to the job in which this shell may be. */
const LOGIN_VARIABLES = /^(?:DBUS_SESSION_BUS_ADDRESS|HOSTNAME|SSH_.*|TMPDIR|XDG_RUNTIME_DIR|SLURM_(?!CONF$).*)$/;
const LAPSE_MS = 60_000;

export interface Submission extends RunnerLaunch {
  runId: string;
  runnerPath: string;
  storeRoot: string;
  /** Options of `sbatch` that the user has set. */
  options: readonly string[];
}

/**
 * Submits a run as a job, unless that has happened: the scheduler is asked by the job's name first.
 * @throws ChannelError with what the scheduler says; after that no runner can claim the run
 */
export async function submitRun(submission: Submission): Promise<void> {
  const { run, runId } = submission;
  const submitOnce = async (): Promise<void> => {
    if ((await readJobFile(run))?.id !== undefined || (await readClaim(run)) !== undefined) return;
    await writeJobFile(run, {});
    await writeJobFile(run, { id: (await findByName(runId)) ?? (await submit(submission)) });
    await listJobs(0).catch(() => undefined); // what was told before does not have it
  };
  // Of another login node's process, nobody can tell whether it lives.
  await withLock(run.submissionLockName, submitOnce, { timeoutMs: 2 * LAPSE_MS, lapsesAfterMs: LAPSE_MS });
}

async function findByName(runId: string): Promise<string | undefined> {
  return (await squeue(`--name=${jobName(runId)}`))[0]?.id;
}

async function submit(submission: Submission): Promise<string> {
  const { run, runId, bootstrap, environment, options } = submission;
  const { killWaitMs } = await readCluster();
  // The runner has to be done with its agent before the scheduler ends it, too.
  const stopGraceMs = Math.min(bootstrap.stopGraceMs, killWaitMs / 2);
  await replaceFile(run.bootstrap, Buffer.from(JSON.stringify({ ...bootstrap, stopGraceMs })));
  const kept = Object.entries(environment).filter(([name]) => !LOGIN_VARIABLES.test(name));
  const assignment: Assignment = {
    runFolder: run.root,
    environment: runnerEnvironment(Object.fromEntries(kept), bootstrap.environment),
  };
  await replaceFile(run.assignment, Buffer.from(JSON.stringify(assignment)));
  const output = pattern(run.jobOutput);
  try {
    // Of an option that stands twice, the last counts.
    return await sbatch(scriptOf(submission), [
      ...options,
      '--no-requeue',
      '--export=NONE',
      `--signal=B:USR1@${WARNING_SECONDS}`,
      `--job-name=${jobName(runId)}`,
      `--chdir=${run.root}`,
      '--input=/dev/null',
      `--output=${output}`,
      `--error=${output}`,
      '--open-mode=append',
    ]);
  } catch (error) {
    // The scheduler may have taken it all the same, and only its answer was lost.
    const id = await findByName(runId).catch(() => undefined);
    if (id !== undefined) return id;
    await discardAssignment(run);
    await publishVoidClaim(run, messageOf(error));
    throw error;
  }
}

/** With `exec`, the job's signals reach the runner, and it ends when that does. */
function scriptOf({ run, runnerPath, storeRoot }: Submission): string {
  const words = [process.execPath, runnerPath, storeRoot, run.assignment];
  return `#!/bin/sh\nexec ${words.map(quoted).join(' ')}\n`;
}

export async function discardAssignment(run: RunPaths): Promise<void> {
  await rm(run.assignment, { force: true });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** In names of files, Slurm replaces what follows a percent sign. */
function pattern(path: string): string {
  return path.replaceAll('%', '%%');
}

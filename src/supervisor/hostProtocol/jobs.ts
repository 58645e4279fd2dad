/** The jobs of a cluster, as its login node tells of them: each run of a session there is one. */
import * as v from 'valibot';

/** The states of Slurm in which a job has ended. A node that failed may go on with its job all the same. */
const ENDED_STATES = [
  'BOOT_FAIL',
  'CANCELLED',
  'COMPLETED',
  'DEADLINE',
  'FAILED',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PREEMPTED',
  'REVOKED',
  'TIMEOUT',
] as const;

/** Words of Corral beside those of Slurm. */
export const JOB_FORGOTTEN = 'FORGOTTEN';
export const SCHEDULER_SILENT = 'UNKNOWN';

export const jobSchema = v.object({
  id: v.pipe(v.string(), v.regex(/^\d{1,20}$/)),
  /**
   * In the words of Slurm, such as `PENDING`. `FORGOTTEN`: it has ended, and Slurm no longer knows how; `UNKNOWN`: the
   * scheduler does not answer.
   */
  state: v.pipe(v.string(), v.regex(/^[A-Z_]{1,40}$/)),
  /** Why it waits or how it ended, in a few words. */
  reason: v.exactOptional(v.pipe(v.string(), v.maxLength(300))),
});
export type Job = v.InferOutput<typeof jobSchema>;

/** True where the scheduler says that it has ended; of a node that failed, that proves nothing. */
export function hasJobEnded({ state }: Pick<Job, 'state'>): boolean {
  return state === JOB_FORGOTTEN || (ENDED_STATES as readonly string[]).includes(state);
}

/** Slurm's own programs. What they print is the site's word, so that each line is checked. */
import { ChannelError } from '../../../common/channels/channel';
import { oneLine } from '../../../common/oneLine';
import { runWithNode } from '../../../common/processes/nodeProcess';

const LIMIT_MS = 30_000;
const MAX_OUTPUT_BYTES = 8 << 20;
const SECOND_MS = 1_000;

/** They would change what the programs do or print; `sbatch` keeps those that choose an account or a partition. */
const MISLEADING_VARIABLES = /^(?:SLURM_(?!CONF$)|SQUEUE_|SCANCEL_|SINFO_|SACCT_|SBATCH_(?:ARRAY_INX|WAIT)$)/;

export interface ListedJob {
  id: string;
  name: string;
  state: string;
  reason: string;
  /** In Slurm's own form, such as `n[1-2]`; '' before it has any. */
  nodes: string;
  startMs: number | undefined;
  limitMs: number | undefined;
}

/** Reasons can hold any character, and so come last. */
const COLUMNS = ['%A', '%j', '%T', '%S', '%l', '%N', '%r'];

/** The user's jobs that have not ended, and for some minutes those that have. */
export async function squeue(...filter: string[]): Promise<ListedJob[]> {
  const format = `--format=${COLUMNS.join('|')}`;
  const printed = await runSlurm(['squeue', '--me', '--noheader', '--states=all', format, ...filter]);
  return printed.split('\n').flatMap((line) => {
    const [id = '', name = '', state = '', start = '', limit = '', nodes = '', ...reason] = line.trim().split('|');
    if (!/^\d+$/.test(id)) return [];
    const startSeconds = /^\d+$/.test(start) ? Number(start) : undefined;
    return [
      {
        ...{ id, name, nodes, limitMs: parseLimit(limit) },
        state: firstWord(state),
        reason: reason.join('|'),
        startMs: startSeconds === undefined ? undefined : startSeconds * SECOND_MS,
      },
    ];
  });
}

/** Submits a script, and answers with the job's id. */
export async function sbatch(script: string, options: readonly string[]): Promise<string> {
  const printed = await runSlurm(['sbatch', '--parsable', ...options], script);
  const id = /^(\d+)(?:;.*)?$/m.exec(printed)?.[1];
  if (id === undefined) throw new ChannelError('FAILED', `sbatch printed no number of a job: ${oneLine(printed)}`);
  return id;
}

export async function scancel(id: string): Promise<void> {
  await runSlurm(['scancel', id]);
}

/** What the cluster's accounting has of a job; undefined where it keeps none, or does not know the job. */
export async function accountedState(id: string): Promise<string | undefined> {
  const argv = ['sacct', '--noheader', '--parsable2', '--allocations', `--jobs=${id}`, '--format=State'] as const;
  const printed = await runSlurm([...argv]).catch(() => '');
  const state = firstWord(printed);
  return state === '' ? undefined : state;
}

/** True where all of the nodes answer the scheduler. */
export async function doNodesAnswer(nodes: string): Promise<boolean> {
  const printed = await runSlurm(['sinfo', '--noheader', `--nodes=${nodes}`, '--format=%T']);
  const states = printed.split('\n').filter((line) => line.trim() !== '');
  return states.length > 0 && states.every((state) => !state.trim().endsWith('*'));
}

export interface Cluster {
  name: string;
  /** From SIGTERM to SIGKILL for the processes of a job. */
  killWaitMs: number;
}

let cluster: Promise<Cluster> | undefined;

export function readCluster(): Promise<Cluster> {
  cluster ??= readConfiguration();
  cluster.catch(() => (cluster = undefined)); // so that the next call asks again
  return cluster;
}

async function readConfiguration(): Promise<Cluster> {
  const printed = await runSlurm(['scontrol', 'show', 'config']);
  const valueOf = (name: string): string => new RegExp(`^${name} *= *(.*)$`, 'm').exec(printed)?.[1]?.trim() ?? '';
  const killWait = /^(\d+) sec/.exec(valueOf('KillWait'))?.[1];
  return { name: valueOf('ClusterName'), killWaitMs: Number(killWait ?? 30) * SECOND_MS };
}

/** @throws ChannelError with what the program said */
async function runSlurm(argv: [program: string, ...string[]], input?: string): Promise<string> {
  const [program] = argv;
  const { exitCode, stdout, stderr, failure } = await runWithNode(argv, {
    environment: slurmEnvironment(),
    input,
    timeoutMs: LIMIT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  });
  if (failure === 'notStarted')
    throw new ChannelError('FAILED', `“${program}” is not in the PATH of the login shell: no login node of Slurm`);
  if (exitCode === 0) return stdout.toString('utf8');
  const said = oneLine(stderr);
  throw new ChannelError(
    'FAILED',
    said === '' ? `${program} failed (${failure ?? `exit code ${exitCode ?? '?'}`})` : said,
  );
}

function slurmEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !MISLEADING_VARIABLES.test(name));
  return { ...Object.fromEntries(kept), SLURM_TIME_FORMAT: '%s' };
}

/** Of `2-00:30:00`, `30:00` and the like, in milliseconds; undefined where there is no limit. */
function parseLimit(text: string): number | undefined {
  const [, days = '0', hours = '0', minutes, seconds] = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)$/.exec(text) ?? [];
  if (minutes === undefined) return undefined;
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * SECOND_MS;
}

/** `CANCELLED by 1000` names who did it, and `COMPLETED+` is cut off. */
function firstWord(text: string): string {
  return /^\s*([A-Z_]+)/.exec(text)?.[1] ?? '';
}

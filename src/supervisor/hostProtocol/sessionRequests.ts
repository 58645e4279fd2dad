/** What a window asks of a host for the sessions that work there. All paths follow from the ids. */
import * as v from 'valibot';
import { attachmentSchema } from '../../storage/attachments';
import { idSchema } from '../../storage/ids';
import { hostFactsSchema } from '../system/hostFacts';
import { bootstrapSchema, claimSchema } from '../runnerProtocol/protocol';
import { jobSchema } from './jobs';

const text = v.pipe(v.string(), v.maxLength(4_096));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const argv = v.pipe(v.array(text), v.minLength(1), v.maxLength(40));
const objectId = v.pipe(v.string(), v.regex(/^[0-9a-f]{40,64}$/));
const session = { storeId: idSchema, sessionId: idSchema };
const run = { ...session, runId: idSchema };

/** The ref on a host that keeps the commit from which a session's worktree is made. */
export function baseRefName(sessionId: string): string {
  return `refs/corral-base/${sessionId}`;
}

/** The part of run.json that is known before the host has found the agent. */
export const hostRunSchema = v.omit(bootstrapSchema, [
  'argv',
  'cwd',
  'driver',
  'driverEnvironment',
  'environment',
  'linePatterns',
  'mcpServer',
  'promptInArguments',
  'storeRoot',
  'worktreePath',
]);
export type HostRun = v.InferOutput<typeof hostRunSchema>;

/** An agent by its name; the host has its program. */
export const hostAgentSchema = v.object({
  name: v.string(),
  /** Its entry in `corral.agents`, which the host checks anew. */
  setting: v.exactOptional(v.unknown()),
  /** Program and arguments of the agent `command`. */
  argv: v.exactOptional(v.array(v.string())),
});

export type HostAgent = v.InferOutput<typeof hostAgentSchema>;

export const sessionRequests = [
  /** Makes the store's folder on the host: a `hostStoreSchema`. `git` is a path or a name there. */
  v.object({
    request: v.literal('openStore'),
    storeId: idSchema,
    git: v.string(),
    /** The host is one of many that lead to the same cluster. */
    cluster: v.exactOptional(v.literal(true)),
  }),
  /** What a run needs of the host: a `hostFitnessSchema`. */
  v.object({ request: v.literal('fitness') }),
  /** A process went on without its connection. Known from now on, until the host is started anew; null. */
  v.object({ request: v.literal('noteDetached') }),
  /** Whether the agent is there; null, or an error. */
  v.object({ request: v.literal('findAgent'), agent: hostAgentSchema }),
  /** A session's worktree, made anew where nobody has worked in it yet: a `hostWorktreeSchema`. */
  v.object({
    request: v.literal('makeWorktree'),
    ...session,
    repository: v.string(),
    title: v.string(),
    baseCommit: objectId,
    /** Its files are put into the worktree, as uncommitted changes. */
    snapshot: v.exactOptional(objectId),
    /** The last snapshot of a session that worked elsewhere: its worktree is made, or made again, as that is. */
    last: v.exactOptional(objectId),
    /** What other sessions of the store have: see `freePorts`. */
    takenPorts: v.array(v.number()),
  }),
  /** Keeps a file that goes with a prompt or a message, whose bytes are the channel's data; null. */
  v.object({ request: v.literal('putAttachment'), ...session, attachment: attachmentSchema }),
  /** Puts an ignored file into a worktree, whose bytes are the channel's data, unless one is there; null. */
  v.object({
    request: v.literal('putIncluded'),
    ...session,
    repository: v.string(),
    path: v.string(),
    /** Below the worktree, with a character for each byte. */
    file: v.pipe(v.string(), v.regex(/^(?!(?:.*\/)?(?:\.{0,2}|\.git)(?:\/|$))[^\0]+$/i)),
    isExecutable: v.boolean(),
  }),
  /** What a `WorktreeKeeper` can do, and answers as `worktreeAnswers` has it. */
  v.object({
    request: v.literal('worktree'),
    ...session,
    repository: v.string(),
    path: v.string(),
    baseCommit: objectId,
    action: v.picklist(['isInPlace', 'remove', 'restore', 'emptyTrash', 'summarize', 'takeSnapshot', 'putBack']),
    /** Of `putBack`, and for `restore` of a session whose snapshots this host has lost: a commit that it has. */
    commit: v.exactOptional(objectId),
  }),
  /** Removes all that is there of a session but what lies in the trash; null, or an error where it has work. */
  v.object({
    request: v.literal('eraseSession'),
    ...session,
    repository: v.string(),
    /** Absent where the session never had a base. */
    baseCommit: v.exactOptional(objectId),
  }),
  /** Starts the run's runner, unless that has happened: a `foundRunSchema`. */
  v.object({
    request: v.literal('startRun'),
    storeId: idSchema,
    run: hostRunSchema,
    agent: hostAgentSchema,
    /** The top of the session's worktree, and where in it the agent starts. */
    worktree: v.object({ path: v.string(), subfolder: v.exactOptional(v.string()) }),
    /** Options of `sbatch`, where the run is a job of the cluster. */
    sbatch: v.exactOptional(v.array(v.pipe(text, v.regex(/^-[^\0]+$/)))),
  }),
  /** What is known of a run: a `foundRunSchema`. */
  v.object({ request: v.literal('findRun'), ...run }),
  /** Gives a run up that no runner has claimed yet: a `foundRunSchema`. */
  v.object({ request: v.literal('cancelRun'), ...run, reason: text }),
  /** Ends the processes of a run, those of its agent after `graceMs`; null, or an error. */
  v.object({ request: v.literal('endRun'), ...run, graceMs: count }),
  /** Ends what setup commands of a session left running; null. */
  v.object({ request: v.literal('endServers'), ...session, graceMs: count }),
  /** A person said that a run is gone: its runner ends where it lives; null, or an error. */
  v.object({ request: v.literal('giveUpRun'), ...run }),
] as const;

export const hostStoreSchema = v.object({
  /** For all that is kept there, of any store. */
  root: text,
  /** The absolute path of git; absent where there is none. */
  git: v.exactOptional(text),
  /** The machine's own id, or the cluster's name; '' where its system does not tell. */
  machineId: text,
});
export type HostStore = v.InferOutput<typeof hostStoreSchema>;

export const hostFitnessSchema = v.object({
  ...v.pick(hostFactsSchema, ['clockMs', 'disk', 'node']).entries,
  /** Since the host was started, it was seen that a process outlives its connection. */
  isDetachProven: v.boolean(),
});

export const hostWorktreeSchema = v.object({ path: text, port: v.pipe(v.number(), v.integer()) });

const reasons = v.array(v.pipe(v.string(), v.maxLength(16_384)));
/** Null stands for undefined. */
export const worktreeAnswers = {
  isInPlace: v.boolean(),
  remove: v.nullable(v.object({ commit: objectId, notCaptured: reasons })),
  restore: v.null(),
  emptyTrash: v.object({ kept: reasons, isInTrash: v.boolean() }),
  summarize: v.nullable(
    v.object({ changedFiles: count, untrackedFiles: count, commits: count, replaceable: v.array(text) }),
  ),
  takeSnapshot: v.object({ commit: objectId, changed: v.boolean() }),
  putBack: v.object({ before: objectId }),
} as const;

export const foundRunSchema = v.object({
  /** Null where nobody has claimed it. */
  claim: v.nullable(claimSchema),
  /** Of the runner that has claimed it. */
  liveness: v.picklist(['alive', 'dead', 'unknown']),
  /** The run's folder. */
  folder: text,
  journalBytes: count,
  /** Where the run is a job of the cluster. */
  job: v.exactOptional(jobSchema),
  /** The way to the job's node, where that is another machine. */
  node: v.exactOptional(
    v.object({
      /** Program and arguments that run there what follows them. */
      enter: argv,
      /** The same, joined to the unix socket there whose path follows. */
      connect: argv,
    }),
  ),
});
export type FoundRun = v.InferOutput<typeof foundRunSchema>;

/** The answer where there is nothing to tell. */
export const nothingSchema = v.null();

/** What requests for the sessions of a host are made of, and how they are answered. All paths follow from the ids. */
import * as v from 'valibot';
import { hostFactsSchema } from '../system/hostFacts';
import { bootstrapSchema, claimSchema } from '../runnerProtocol/protocol';
import { jobSchema } from './jobs';

const text = v.pipe(v.string(), v.maxLength(4_096));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const argv = v.pipe(v.array(text), v.minLength(1), v.maxLength(40));
const objectId = v.pipe(v.string(), v.regex(/^[0-9a-f]{40,64}$/));

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

/** The agents whose own transcripts are known, as they name themselves in the records of their runs. */
export const transcriptOwnerSchema = v.picklist(['claude', 'codex']);

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

/** What a supervisor and a runner say to each other: run.json, runner.json, and the lines on the runner's endpoint. */
import * as v from 'valibot';
import { parseJson } from '../../common/lines/jsonLimits';
import type { CorralErrorCode } from '../../storage/errors';
import { attachmentSchema } from '../../storage/attachments';
import { runBudgetSchema } from '../../storage/budget';
import { answersSchema } from '../../storage/events';
import { PERMISSION_MODES } from '../../storage/sessionRecords';
import { identitySchema } from '../system/identitySchema';
import { socketFileSchema } from '../system/socketEvidence';
import { linePatternSchema } from '../agents/driver/linePatterns';

/** Raised when a runner of this version cannot serve an older supervisor, or an older runner this one. */
export const PROTOCOL_VERSION = 1;

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** run.json: all that a runner needs, written before it starts. It never holds values of the user's environment. */
export const bootstrapSchema = v.object({
  protocol: count,
  sessionId: text,
  runId: text,
  ordinal: v.pipe(count, v.minValue(1)),
  agent: text,
  driver: text,
  /** Resolved program and arguments; `argv[0]` is an absolute path. */
  argv: v.pipe(v.array(text), v.minLength(1)),
  /** Names of the variables that were set for the agent. */
  environment: v.array(text),
  /** Those of them that the driver sets, with their values, which are no secrets. */
  driverEnvironment: v.optional(v.record(text, text)),
  /** Where the agent starts. */
  cwd: text,
  /** The top of the worktree, where the agent starts in a folder below it. */
  worktreePath: v.optional(text),
  /** What people should know of the run's beginning, in sentences. */
  notices: v.optional(v.array(text)),
  prompt: text,
  /** Corral's own tools, which the runner serves to the agent. Absent where it gets none. */
  mcpServer: v.optional(v.object({ name: text, command: text, args: v.array(text), env: v.record(text, text) })),
  /** What goes with the prompt. */
  attachments: v.optional(v.array(attachmentSchema)),
  /** True where `argv` holds the prompt, so that it is not written to the agent's input. */
  promptInArguments: v.optional(v.boolean()),
  /** What lines of the output mean, for an agent without a protocol. */
  linePatterns: v.optional(v.array(linePatternSchema)),
  permissionMode: v.picklist(PERMISSION_MODES),
  model: v.optional(text),
  resumes: v.optional(text),
  /** A question beside the work: the agent answers it without changing anything, and the folder is none of a run. */
  aside: v.exactOptional(v.object({ question: text, askedAt: text })),
  /** 32 random bytes in hex. Proved by HMAC on the endpoint, never sent. */
  nonce: text,
  /** ISO time: no event of this run is earlier. */
  tsFloor: text,
  /** The store's root, for changes.log. */
  storeRoot: text,
  /** Milliseconds from SIGTERM to SIGKILL. */
  stopGraceMs: count,
  syncEveryEvent: v.boolean(),
  /** What snapshots of the worktree need: its main worktree, its store, and its base. Where absent, none are taken. */
  worktree: v.optional(v.object({ repository: text, storeId: text, baseCommit: text })),
  /** Runs before the agent; where it fails, the run fails. */
  setup: v.optional(
    v.object({
      argv: v.pipe(v.array(text), v.minLength(1)),
      limitMs: count,
      /** True where the user's own settings name it, so that it needs no consent. */
      isUsers: v.optional(v.boolean()),
      /** True where it is not to run, since nobody on this machine allowed it. */
      isWithheld: v.optional(v.boolean()),
    }),
  ),
  /** Present where `argv` is the worktree's teardown command and no agent runs: its time limit. */
  teardownLimitMs: v.optional(count),
  /** What the session and all sessions of a day may use, and what earlier runs of the session make of that. */
  budget: v.optional(runBudgetSchema),
  /** The first of the session's own ports, `CORRAL_PORT` to its programs. */
  port: v.optional(count),
});
export type RunBootstrap = v.InferOutput<typeof bootstrapSchema>;

/** What a window tells a runner on its standard input, whole. Variables may hold secrets, so no file has them. */
export const assignmentSchema = v.object({
  runFolder: text,
  /** All variables of the runner from then on. */
  environment: v.record(text, text),
});
export type Assignment = v.InferOutput<typeof assignmentSchema>;

/** The same run as seen from the top of its worktree, for what concerns all of that. */
export function atWorktreeTop(bootstrap: RunBootstrap): RunBootstrap {
  return { ...bootstrap, cwd: bootstrap.worktreePath ?? bootstrap.cwd };
}

/** runner.json: the claim on a run. A supervisor that gives the run up publishes `void`, so that a late runner ends. */
export const claimSchema = v.variant('state', [
  v.object({
    state: v.literal('claimed'),
    protocol: count,
    runner: identitySchema,
    /** Socket path or pipe name. */
    endpoint: text,
    /** The socket's file as it was made. Absent for pipes, and in claims of older runners. */
    socket: v.optional(socketFileSchema),
    /** Absent until it is spawned. */
    agent: v.optional(identitySchema),
    /** What the setup command left running, until the worktree is torn down. */
    servers: v.optional(v.array(identitySchema)),
  }),
  v.object({ state: v.literal('void'), by: identitySchema, reason: text }),
]);
export type RunnerClaim = v.InferOutput<typeof claimSchema>;

/** The supervisor's requests. Only `ping` has a result. */
export const REQUEST_SCHEMAS = {
  ping: v.object({}),
  /** A message for the agent: the next turn, queued while it works. */
  send: v.object({ text }),
  /** The same with files; older runners do not know it. */
  sendAttached: v.object({ text, attachments: v.array(attachmentSchema) }),
  answerPermission: v.object({
    requestId: text,
    optionId: text,
    message: v.optional(text),
    answers: v.optional(answersSchema),
  }),
  /** Ends the turn, not the run. */
  interrupt: v.object({}),
  /** Ends the run as `stopped`, politely at first. Answers at once; `run.exited` tells the end. */
  stop: v.object({}),
  /** Ends the run as `killed`: SIGKILL to the whole process tree. */
  kill: v.object({}),
} as const;
export type RequestMethod = keyof typeof REQUEST_SCHEMAS;
export type RequestParameters<M extends RequestMethod> = v.InferOutput<(typeof REQUEST_SCHEMAS)[M]>;

const PAUSE_CAUSES = ['diskFull', 'notWritable'] as const;

/**
 * Why nothing can be written, and since when (ISO time); the agent's output waits until it can.
 * Older runners send no cause, so it is taken from the system's message in `reason`.
 */
export const pauseSchema = v.pipe(
  v.object({ reason: text, since: text, cause: v.optional(v.fallback(v.picklist(PAUSE_CAUSES), 'notWritable')) }),
  v.transform(({ reason, since, cause }) => ({ reason, since, cause: cause ?? causeOf(reason) })),
);
export type Pause = v.InferOutput<typeof pauseSchema>;

function causeOf(reason: string): (typeof PAUSE_CAUSES)[number] {
  return /ENOSPC|EDQUOT/.test(reason) ? 'diskFull' : 'notWritable';
}

export const statusSchema = v.object({
  protocol: count,
  runner: identitySchema,
  agent: v.optional(identitySchema),
  lastSeq: count,
  journalBytes: count,
  methods: v.array(text),
  paused: v.optional(pauseSchema),
});

const empty = v.object({});
export const RESULT_SCHEMAS = {
  ping: statusSchema,
  send: empty,
  sendAttached: empty,
  answerPermission: empty,
  interrupt: empty,
  stop: empty,
  kill: empty,
} as const satisfies Record<RequestMethod, v.GenericSchema>;
export type RequestResult<M extends RequestMethod> = v.InferOutput<(typeof RESULT_SCHEMAS)[M]>;

/**
 * The first lines of a connection: the runner's challenge, the client's challenge and proof, the runner's proof.
 * Each side proves that it knows the run's nonce, which is never sent.
 */
const hex256 = v.pipe(text, v.regex(/^[0-9a-f]{64}$/));
export const challengeSchema = v.object({ challenge: hex256 });
export const clientProofSchema = v.object({ challenge: hex256, proof: hex256 });
export const runnerProofSchema = v.object({ proof: hex256 });

/** The client's lines after the proofs. The reply has the same `id`. */
export const requestSchema = v.object({ id: count, method: text, params: v.unknown() });

/** Codes that a runner answers with. */
export const RUNNER_ERROR_CODES = [
  'ALREADY_ANSWERED',
  'PERMISSION_NOT_FOUND',
  'NOT_RUNNING',
  'RUNNER_TOO_OLD',
  'RUNNER_REFUSED',
  'INVALID_ARGUMENT',
  'STORE_FAILED',
] as const satisfies CorralErrorCode[];

/**
 * The runner's lines: replies, `journal` when that has grown to `bytes` with events up to `seq`, and `pause`.
 * A pause is told here because nothing can be written to the journal while it lasts.
 */
export const runnerLineSchema = v.union([
  v.object({ id: count, result: v.unknown() }),
  v.object({ id: count, error: v.object({ code: text, message: text }) }),
  v.object({ method: v.literal('journal'), params: v.object({ bytes: count, seq: count }) }),
  v.object({ method: v.literal('pause'), params: v.object({ pause: v.nullable(pauseSchema) }) }),
]);
export type RunnerLine = v.InferOutput<typeof runnerLineSchema>;

/** The value of a line; undefined, which no schema accepts, where it is no JSON. */
export function parseLine(bytes: Buffer): unknown {
  return parseJson(bytes.toString('utf8'))?.json;
}

/**
 * What the journals say of a session, as one plain value: the catalog stores it, the tree shows it.
 * `sessionReducer.ts` makes it; `sessionState.ts` has what is derived from it.
 */
import * as v from 'valibot';
import { attachmentSchema } from './attachments';
import { budgetLevelSchema, limitsSchema } from './budget';
import {
  contextUseSchema,
  NO_USAGE,
  permissionOptionSchema,
  RUN_OUTCOMES,
  RUN_STATES,
  usageLimitSchema,
  usageTotalsSchema,
} from './events';
import {
  handOverSchema,
  limitWaitSchema,
  placeOnHostSchema,
  RECOVERY_HINTS,
  SESSION_RECORD_SCHEMAS,
} from './sessionRecords';

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const pendingPermissionSchema = v.object({
  requestId: text,
  title: text,
  /** As in the event; absent in what older versions saved. */
  isWhole: v.exactOptional(v.boolean()),
  options: v.array(permissionOptionSchema),
  toolName: v.exactOptional(text),
  /** Absent where it is large. */
  input: v.exactOptional(v.unknown()),
  answerOption: v.exactOptional(text),
  timestamp: text,
});
export type PendingPermission = v.InferOutput<typeof pendingPermissionSchema>;

const runFactsSchema = v.object({
  runId: text,
  ordinal: count,
  prompt: text,
  /** What went with the prompt. */
  attachments: v.exactOptional(v.array(attachmentSchema)),
  /** The run of the worktree's teardown command, which says nothing of the agent's work. */
  isTeardown: v.exactOptional(v.boolean()),
  /** The native session that the run was to continue. */
  resumes: v.exactOptional(text),
  /** Where in `formerPlaces` it was left, as the session went on elsewhere: what it does there is none of its work. */
  formerPlace: v.exactOptional(count),
  /** Set where another agent worked from this run on. */
  handOver: v.exactOptional(handOverSchema),
  /** It was queued to go on after a usage limit. */
  waitsFor: v.exactOptional(limitWaitSchema),
  /** The usage limit at which its last turn stopped. */
  limit: v.exactOptional(usageLimitSchema),
  /** From the run's own events alone; `runState()` adds what the supervisor recorded. */
  eventState: v.picklist(RUN_STATES),
  /** When `eventState` was reached; '' before anything is known of the run. */
  since: text,
  reason: v.exactOptional(text),
  queuedAt: v.exactOptional(text),
  /** Set where a person chose the run's place in the queue: see `queueRank`. */
  rank: v.exactOptional(v.number()),
  startedAt: v.exactOptional(text),
  endedAt: v.exactOptional(text),
  stopRequestedAt: v.exactOptional(text),
  /** The end that was asked for was a kill. */
  killRequested: v.exactOptional(v.boolean()),
  /** How a supervisor closed the run, whose runner had died, or how a person did. */
  closed: v.exactOptional(
    v.object({
      outcome: v.picklist(RUN_OUTCOMES),
      restored: v.boolean(),
      evidence: text,
      recoveryHint: v.exactOptional(v.picklist(RECOVERY_HINTS)),
      timestamp: text,
      afterSeq: count,
      by: v.exactOptional(v.literal('person')),
      /** Its runner answered after that. */
      spoke: v.exactOptional(v.literal(true)),
    }),
  ),
  /** How the scheduler ended its job. */
  job: v.exactOptional(v.object({ id: text, state: text, reason: text })),
  nativeSessionId: v.exactOptional(text),
  backendType: v.exactOptional(text),
  model: v.exactOptional(text),
  pendingPermissions: v.array(pendingPermissionSchema),
  turn: count,
  /** The highest `seq` folded so far. */
  eventCount: count,
  lastEventAt: v.exactOptional(text),
  usage: usageTotalsSchema,
  /** The last that the agent told of its context window. */
  context: v.exactOptional(contextUseSchema),
  /** The last level of a budget of which most is used, and up to where people let the session go beyond its own. */
  budget: v.exactOptional(v.object({ level: v.exactOptional(budgetLevelSchema), allowed: limitsSchema })),
  /** What the agent of an open run does in the background; absent where that is nothing. */
  backgroundTasks: v.exactOptional(count),
  /** For how many other sessions the agent of an open run waits; absent where for none. */
  waitingFor: v.exactOptional(count),
  /** Against the session's base, as of the run's last snapshot. */
  changes: v.exactOptional(v.object({ files: count, addedLines: count, removedLines: count })),
  /** What the run's tools touched outside the worktree, in a sentence: the last time that was seen. */
  escape: v.exactOptional(text),
});
export type RunFacts = v.InferOutput<typeof runFactsSchema>;

const hostFactsSchema = v.object({
  ...SESSION_RECORD_SCHEMAS['created.remote'].entries.host.entries,
  /** `slurm`: its runs are jobs. */
  kind: v.picklist(['ssh', 'exec', 'slurm']),
  /** Where the worktree and its repository are there, once they are made. */
  worktree: v.exactOptional(placeOnHostSchema),
});

/** On a host, or else on this computer. */
const formerPlaceSchema = v.union([
  v.object({
    host: hostFactsSchema,
    leftAt: text,
    /** The run there that may go on, as far as anybody knows. */
    openRun: v.exactOptional(text),
    /** It never worked there: a move to it has begun. */
    isAttempt: v.exactOptional(v.boolean()),
  }),
  v.object({ worktreePath: text, leftAt: text }),
]);
export type FormerPlace = v.InferOutput<typeof formerPlaceSchema>;
export type FormerPlaceOnHost = Extract<FormerPlace, { host: unknown }>;

/** The order of the fields is fixed, so that equal facts are equal bytes once they are JSON. */
export const sessionFactsSchema = v.object({
  sessionId: text,
  ...SESSION_RECORD_SCHEMAS.created.entries,
  /** Set where the session works on another host; `worktreePath` is '' then. */
  host: v.exactOptional(hostFactsSchema),
  /** Where it worked before, the first place first. What was there may still be. */
  formerPlaces: v.exactOptional(v.array(formerPlaceSchema)),
  /** The native session of runs at the last of these that can be resumed where the session works now. */
  carriedSessionId: v.exactOptional(text),
  /** `onHost`: on the session's host, once `host.worktree` says where. */
  worktree: v.picklist(['planned', 'creating', 'present', 'failed', 'deleting', 'deleted', 'onHost']),
  worktreeFailure: v.exactOptional(text),
  /** Uncommitted files that could not be copied into the worktree, in words. */
  notCopied: v.exactOptional(v.array(text)),
  /** It is deleted here alone, while its host is away: nothing was begun there. */
  isForgotten: v.exactOptional(v.literal(true)),
  /** Where a deleted worktree lies until the trash is emptied; on the session's host, where that is another one. */
  trashPath: v.exactOptional(text),
  /** Why it stays there: what no snapshot can hold. */
  notCaptured: v.exactOptional(v.array(text)),
  /** What was last applied to the checkout; absent once that was undone. */
  applied: v.exactOptional(SESSION_RECORD_SCHEMAS.applied),
  /** The branch last made of the session's work. */
  branch: v.exactOptional(SESSION_RECORD_SCHEMAS['branch.made']),
  archived: v.boolean(),
  createdAt: text,
  lastActivityAt: text,
  /** Records that could not be read, over all journals of the session. */
  damagedRecords: count,
  /** In order of `ordinal`. */
  runs: v.array(runFactsSchema),
});
export type SessionFacts = v.InferOutput<typeof sessionFactsSchema>;

/** The facts before anything was read. A session whose `created` record is damaged stays visible under its id. */
export function emptySession(sessionId: string): SessionFacts {
  return {
    sessionId,
    title: sessionId,
    prompt: '',
    agent: '',
    repository: '',
    baseCommit: '',
    worktreePath: '',
    permissionMode: 'ask',
    worktree: 'creating',
    archived: false,
    createdAt: '',
    lastActivityAt: '',
    damagedRecords: 0,
    runs: [],
  };
}

/** The facts of a run of which nothing was read yet. */
export function emptyRun(runId: string): RunFacts {
  return {
    runId,
    ordinal: 0,
    prompt: '',
    eventState: 'queued',
    since: '',
    pendingPermissions: [],
    turn: 0,
    eventCount: 0,
    usage: NO_USAGE,
  };
}

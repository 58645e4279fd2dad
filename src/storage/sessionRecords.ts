/** The records of session.jsonl: what people and the supervisor did to a session. */
import * as v from 'valibot';
import { attachmentSchema } from './attachments';
import { RUN_OUTCOMES } from './events';
import { issueReferenceSchema } from './issueReference';

const text = v.string();

export const PERMISSION_MODES = ['ask', 'edits', 'all'] as const;
export type PermissionMode = (typeof PERMISSION_MODES)[number];

/** How to go on with a run that was cut off: with the agent's native session, or from its prompt. */
export const RECOVERY_HINTS = ['resume', 'restart'] as const;
export type RecoveryHint = (typeof RECOVERY_HINTS)[number];

/** The agent that goes on with a session, and the model that was chosen for it. */
export const handOverSchema = v.object({ agent: text, model: v.exactOptional(text) });

/** A repository's remotes, and where a push to each of them goes, without names and passwords of the web. */
const remotesSchema = v.object({
  remotes: v.array(v.object({ name: text, urls: v.array(text) })),
  pushDefault: v.exactOptional(text),
});
export type RecordedRemotes = v.InferOutput<typeof remotesSchema>;

/** The end of an account's usage limit, for which a queued run waits. */
export const limitWaitSchema = v.object({
  /** ISO 8601 UTC: when it goes on. */
  notBefore: v.pipe(text, v.isoTimestamp()),
  /** All runs of one account wait together. */
  account: text,
  /** As in the event. */
  window: v.exactOptional(text),
  /** How often the session has waited in a row without any work between. */
  attempt: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** It does not go on before a person says so. */
  asks: v.exactOptional(v.literal(true)),
});
export type LimitWait = v.InferOutput<typeof limitWaitSchema>;

/** The agent that started a session: one in another session, or a program by the name that it told. */
export const startedBySchema = v.object({ sessionId: v.exactOptional(text), client: v.exactOptional(text) });
export type Starter = v.InferOutput<typeof startedBySchema>;

/** The machine or container in which a session works, and the entry of `corral.hosts` that led to it. */
const hostPlaceSchema = v.object({
  name: text,
  kind: v.picklist(['ssh', 'exec']),
  /** The machine's own id; '' where its system does not tell. */
  machineId: text,
});

/** A worktree on a host, and the repository there that has it. */
export const placeOnHostSchema = v.object({ path: text, repository: text });

/** The cluster in which a session's runs are jobs. */
const clusterPlaceSchema = v.object({ ...hostPlaceSchema.entries, kind: v.literal('slurm') });

const anyHostPlaceSchema = v.union([hostPlaceSchema, clusterPlaceSchema]);

/** The first of ten ports that no other session has at the same place. */
const portSchema = v.pipe(v.number(), v.integer());

const carried = {
  /** The agent's own session that can be resumed at the new place, since its transcript went along. */
  nativeSessionId: v.exactOptional(text),
};

const createdSchema = v.object({
  title: text,
  prompt: text,
  agent: text,
  /** The main worktree of the repository, an absolute path. Where it has none, the linked one that was open. */
  repository: text,
  /** The directory that all worktrees of the repository share. Absent in older records. */
  commonDirectory: v.exactOptional(text),
  /** The linked worktree from which it was started, and to which its work is applied. Absent for the main one. */
  checkout: v.exactOptional(text),
  /** Where in its worktree the agent starts, with `/`. Absent for the top. */
  subfolder: v.exactOptional(text),
  /** A commit's object id. */
  baseCommit: text,
  worktreePath: text,
  permissionMode: v.picklist(PERMISSION_MODES),
  model: v.exactOptional(text),
  /** Only for the agent `command`. */
  argv: v.exactOptional(v.array(text)),
  group: v.exactOptional(text),
  /** The agent's own session from which the first run was imported. */
  imported: v.exactOptional(v.object({ nativeSessionId: text, backendType: text, source: text, cwd: text })),
  /** Absent where a person started it. */
  startedBy: v.exactOptional(startedBySchema),
  port: v.exactOptional(portSchema),
  /** The repository's, as they were before the session's agent could change them. */
  remotes: v.exactOptional(remotesSchema),
  /** What went with the prompt. */
  attachments: v.exactOptional(v.array(attachmentSchema)),
  /** For which it works. */
  issue: v.exactOptional(issueReferenceSchema),
  /** Ids of the sessions that have to complete before this one starts. */
  dependsOn: v.exactOptional(v.array(text)),
  /** The worktree is made only when the session starts, from the last snapshot of `baseSession`. */
  planned: v.exactOptional(
    v.object({ baseSession: text, location: text, include: v.array(text), link: v.exactOptional(v.array(text)) }),
  ),
});

const queuedSchema = v.object({
  runId: text,
  ordinal: v.pipe(v.number(), v.integer(), v.minValue(1)),
  prompt: text,
  resumes: v.optional(text),
  waitsFor: v.exactOptional(limitWaitSchema),
  attachments: v.exactOptional(v.array(attachmentSchema)),
  /** From this run on another agent works than before, and `prompt` tells it the story so far. */
  handOver: v.exactOptional(handOverSchema),
});

export const SESSION_RECORD_SCHEMAS = {
  created: createdSchema,
  /** In place of `created` for a session on another host. Versions that know no hosts do not act on it. */
  'created.remote': v.object({ ...createdSchema.entries, host: hostPlaceSchema }),
  /** In place of `created.remote` where its runs are jobs. Versions that know no jobs do not act on it. */
  'created.job': v.object({ ...createdSchema.entries, host: clusterPlaceSchema }),
  'dependencies.set': v.object({ dependsOn: v.array(text) }),
  renamed: v.object({ title: text }),
  /** `notCopied`: uncommitted files that could not be copied into it, in words. */
  'worktree.created': v.object({
    worktreePath: text,
    baseCommit: text,
    notCopied: v.exactOptional(v.array(text)),
  }),
  /** It was made on the session's host. `baseCommit` is absent in older records. */
  'worktree.created.remote': v.object({
    ...placeOnHostSchema.entries,
    baseCommit: v.exactOptional(text),
    port: v.exactOptional(portSchema),
    notCopied: v.exactOptional(v.array(text)),
  }),
  /**
   * From now on the session works on this computer, in that worktree, from its last snapshot that is here. It closes
   * `openRun`, a run on its host of which nobody could tell how it was.
   */
  'continued.here': v.object({
    worktreePath: text,
    port: portSchema,
    openRun: v.exactOptional(text),
    ...carried,
  }),
  /** A run that was left on a host does nothing there any more. */
  'run.leftEnded': v.object({ runId: text }),
  /** Its worktree is being made on that host, where something of it may be from now on. */
  'moving.to.host': v.object({ host: anyHostPlaceSchema }),
  /** From now on the session works on that host, in that worktree, from its last snapshot. */
  'moved.to.host': v.object({ host: anyHostPlaceSchema, ...placeOnHostSchema.entries, port: portSchema, ...carried }),
  'worktree.failed': v.object({ reason: text }),
  'run.queued': queuedSchema,
  /** In place of `run.queued` for a session on another host. */
  'run.queued.remote': queuedSchema,
  /** In place of `run.queued` for a run that is a job. */
  'run.queued.job': queuedSchema,
  /** A queued run got another position. Runs start in ascending order of rank, at first the ms time of `run.queued`. */
  'run.moved': v.object({ runId: text, rank: v.number() }),
  /** A person said that a queued run is to wait for its usage limit, rather than another agent to go on. */
  'limit.accepted': v.object({ runId: text }),
  /** A person asked for the end of a run. Written before the runner is told, so that the reason survives its death. */
  'stop.requested': v.object({ runId: text, force: v.boolean() }),
  /** Written once by a supervisor for a run without `run.exited`. `restored`: the run keeps its last known status. */
  'run.closed': v.object({
    runId: text,
    outcome: v.picklist(RUN_OUTCOMES),
    restored: v.boolean(),
    evidence: text,
    /** The run's highest `seq` when it was closed: an event after it overrides this record. */
    afterSeq: v.pipe(v.number(), v.integer(), v.minValue(0)),
    recoveryHint: v.optional(v.picklist(RECOVERY_HINTS)),
    /** Where no evidence could decide: a person said that the run is gone. */
    by: v.optional(v.literal('person')),
  }),
  /** How the scheduler ended the job of a run, in its word and in a sentence. It may come after the run's own end. */
  'job.ended': v.object({ runId: text, jobId: text, state: text, reason: text }),
  /** The runner of a run that a person had marked as gone answered after all. */
  'run.spoke': v.object({ runId: text }),
  /** `isForgotten`: nothing was begun on its host, which was away. That is for when the host is back. */
  deleting: v.object({ trashPath: text, isForgotten: v.exactOptional(v.literal(true)) }),
  deleted: v.object({ trashPath: text, commit: v.optional(text), notCaptured: v.array(text) }),
  /** The removal was undone, and the worktree is back in its place. */
  undeleted: v.object({}),
  /** The folder in the trash is gone except for what `kept` names; the session's ref holds its work. */
  'trash.emptied': v.object({ kept: v.array(text) }),
  /** The worktree was missing and was made again from the session's last snapshot. */
  'worktree.restored': v.object({}),
  /** The worktree's files were reset to the snapshot `commit`; the snapshot `before` has them as they were. */
  'worktree.putBack': v.object({ commit: text, before: text }),
  /**
   * The work was applied to the checkout. Object ids: the applied commit and its base, the checkout's HEAD and index
   * before, and its HEAD after.
   */
  applied: v.object({
    mode: v.picklist(['staged', 'commits']),
    commit: text,
    base: text,
    before: text,
    index: text,
    after: text,
    /** The files that were left with conflicts. */
    conflicts: v.optional(v.array(text)),
    /** The checkout, where it is not the one from which the session was started. */
    checkout: v.exactOptional(text),
  }),
  /** The last `applied` was undone. */
  unapplied: v.object({}),
  'branch.made': v.object({ name: text, commit: text }),
  archived: v.object({ archived: v.boolean() }),
  /** The repository was found at another place on the disk, with or without the worktree. */
  'repository.moved': v.object({
    repository: text,
    commonDirectory: text,
    worktreePath: text,
    checkout: v.exactOptional(text),
    trashPath: v.exactOptional(text),
  }),
} as const;

export type SessionRecordKind = keyof typeof SESSION_RECORD_SCHEMAS;
export type SessionRecordData<K extends SessionRecordKind> = v.InferOutput<(typeof SESSION_RECORD_SCHEMAS)[K]>;
export type DraftSessionRecord = {
  [K in SessionRecordKind]: { kind: K; data: SessionRecordData<K> };
}[SessionRecordKind];
export type SessionRecord = DraftSessionRecord & { seq: number; timestamp: string };

/** The record in `kind` and `data`; undefined where the data does not have the shape of that kind. */
export function parseSessionRecord(kind: string, data: unknown): DraftSessionRecord | undefined {
  if (!Object.hasOwn(SESSION_RECORD_SCHEMAS, kind)) return undefined;
  const known = kind as SessionRecordKind;
  const parsed = v.safeParse(SESSION_RECORD_SCHEMAS[known], data);
  // The schema of `known` was applied to `data`, which TypeScript cannot follow through the table.
  return parsed.success ? ({ kind: known, data: parsed.output } as DraftSessionRecord) : undefined;
}

/** The records of session.jsonl: what people and the supervisor did to a session. */
import * as v from 'valibot';
import { RUN_OUTCOMES } from './events';

const text = v.string();

export const PERMISSION_MODES = ['ask', 'edits', 'all'] as const;
export type PermissionMode = (typeof PERMISSION_MODES)[number];

/** How to go on with a run that was cut off: with the agent's native session, or from its prompt. */
export const RECOVERY_HINTS = ['resume', 'restart'] as const;
export type RecoveryHint = (typeof RECOVERY_HINTS)[number];

export const SESSION_RECORD_SCHEMAS = {
  created: v.object({
    title: text,
    prompt: text,
    agent: text,
    /** The main worktree of the repository, an absolute path. */
    repository: text,
    /** A commit's object id. */
    baseCommit: text,
    worktreePath: text,
    permissionMode: v.picklist(PERMISSION_MODES),
    model: v.exactOptional(text),
    /** Only for the agent `command`. */
    argv: v.exactOptional(v.array(text)),
    group: v.exactOptional(text),
    /** The agent's own session that the first run was read from. */
    imported: v.exactOptional(v.object({ nativeSessionId: text, backendType: text, source: text, cwd: text })),
    /** The first of ten ports that no other session has. */
    port: v.exactOptional(v.pipe(v.number(), v.integer())),
    /** Ids of the sessions that have to complete before this one starts. */
    dependsOn: v.exactOptional(v.array(text)),
    /** The worktree is made only when the session starts, from the last snapshot of `baseSession`. */
    planned: v.exactOptional(
      v.object({ baseSession: text, location: text, include: v.array(text), link: v.exactOptional(v.array(text)) }),
    ),
  }),
  'dependencies.set': v.object({ dependsOn: v.array(text) }),
  renamed: v.object({ title: text }),
  'worktree.created': v.object({ worktreePath: text, baseCommit: text }),
  'worktree.failed': v.object({ reason: text }),
  'run.queued': v.object({
    runId: text,
    ordinal: v.pipe(v.number(), v.integer(), v.minValue(1)),
    prompt: text,
    resumes: v.optional(text),
  }),
  /** A waiting run got another place in the queue: runs start in ascending order of rank, which at first is when they were queued (ms). */
  'run.moved': v.object({ runId: text, rank: v.number() }),
  /** A person asked for the end of a run, written before the runner is told, so that the reason survives both. */
  'stop.requested': v.object({ runId: text, force: v.boolean() }),
  /** Written once by a supervisor for a run that ended without `run.exited`. `restored`: its last known status is kept. */
  'run.closed': v.object({
    runId: text,
    outcome: v.picklist(RUN_OUTCOMES),
    restored: v.boolean(),
    evidence: text,
    /** The run's highest `seq` when it was closed: anything heard after it speaks louder. */
    afterSeq: v.pipe(v.number(), v.integer(), v.minValue(0)),
    recoveryHint: v.optional(v.picklist(RECOVERY_HINTS)),
  }),
  deleting: v.object({ trashPath: text }),
  deleted: v.object({ trashPath: text, commit: v.optional(text), notCaptured: v.array(text) }),
  /** The removal was undone: the worktree is back where it was. */
  undeleted: v.object({}),
  /** The folder in the trash is gone but for what `kept` names; the session's ref holds its work. */
  'trash.emptied': v.object({ kept: v.array(text) }),
  /** The worktree had vanished and was made again from the session's last snapshot. */
  'worktree.restored': v.object({}),
  /** The worktree's files were put back to the snapshot `commit`; `before` holds them as they were. */
  'worktree.putBack': v.object({ commit: text, before: text }),
  /** The work went into the checkout. All are object ids: what was picked, from where, the checkout's HEAD and index before, its HEAD after. */
  applied: v.object({
    mode: v.picklist(['staged', 'commits']),
    commit: text,
    base: text,
    before: text,
    index: text,
    after: text,
    /** The files that were left with conflicts. */
    conflicts: v.optional(v.array(text)),
  }),
  /** The last `applied` was taken back. */
  unapplied: v.object({}),
  'branch.made': v.object({ name: text, commit: text }),
  archived: v.object({ archived: v.boolean() }),
} as const;

export type SessionRecordKind = keyof typeof SESSION_RECORD_SCHEMAS;
export type SessionRecordData<K extends SessionRecordKind> = v.InferOutput<(typeof SESSION_RECORD_SCHEMAS)[K]>;
export type DraftSessionRecord = {
  [K in SessionRecordKind]: { kind: K; data: SessionRecordData<K> };
}[SessionRecordKind];
export type SessionRecord = DraftSessionRecord & { seq: number; timestamp: string };

/** The record in `kind` and `data`, or undefined where it has not the shape of its kind. */
export function parseSessionRecord(kind: string, data: unknown): DraftSessionRecord | undefined {
  if (!Object.hasOwn(SESSION_RECORD_SCHEMAS, kind)) return undefined;
  const known = kind as SessionRecordKind;
  const parsed = v.safeParse(SESSION_RECORD_SCHEMAS[known], data);
  // The schema of `known` was applied to `data`, which TypeScript cannot follow through the table.
  return parsed.success ? ({ kind: known, data: parsed.output } as DraftSessionRecord) : undefined;
}

/** The shape of `SessionFacts` where they come from outside: a database file, another thread. */
import * as v from 'valibot';
import { permissionOptionSchema, RUN_OUTCOMES, RUN_STATES } from './events';
import type { SessionFacts } from './sessionFacts';
import { PERMISSION_MODES, SESSION_RECORD_SCHEMAS } from './sessionRecords';

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const hint = v.picklist(['resume', 'restart']);

const runFactsSchema = v.object({
  runId: text,
  ordinal: count,
  prompt: text,
  isTeardown: v.exactOptional(v.boolean()),
  resumes: v.exactOptional(text),
  eventState: v.picklist(RUN_STATES),
  since: text,
  reason: v.exactOptional(text),
  queuedAt: v.exactOptional(text),
  rank: v.exactOptional(v.number()),
  startedAt: v.exactOptional(text),
  endedAt: v.exactOptional(text),
  stopRequestedAt: v.exactOptional(text),
  killRequested: v.exactOptional(v.boolean()),
  closed: v.exactOptional(
    v.object({
      outcome: v.picklist(RUN_OUTCOMES),
      restored: v.boolean(),
      evidence: text,
      recoveryHint: v.exactOptional(hint),
      timestamp: text,
      afterSeq: count,
    }),
  ),
  nativeSessionId: v.exactOptional(text),
  backendType: v.exactOptional(text),
  model: v.exactOptional(text),
  pendingPermissions: v.array(
    v.object({ requestId: text, title: text, options: v.array(permissionOptionSchema), timestamp: text }),
  ),
  turn: count,
  eventCount: count,
  lastEventAt: v.exactOptional(text),
  usage: v.object({ inputTokens: v.number(), outputTokens: v.number(), cachedTokens: v.number(), costUsd: v.number() }),
  changes: v.exactOptional(v.object({ files: count, addedLines: count, removedLines: count })),
  escape: v.exactOptional(text),
});

/** Its output has the fields in one fixed order, so equal facts are equal bytes once they are JSON. */
export const sessionFactsSchema: v.GenericSchema<unknown, SessionFacts> = v.object({
  sessionId: text,
  title: text,
  prompt: text,
  agent: text,
  repository: text,
  baseCommit: text,
  worktreePath: text,
  permissionMode: v.picklist(PERMISSION_MODES),
  model: v.exactOptional(text),
  argv: v.exactOptional(v.array(text)),
  group: v.exactOptional(text),
  imported: v.exactOptional(v.object({ nativeSessionId: text, backendType: text, source: text, cwd: text })),
  port: v.exactOptional(v.number()),
  dependsOn: v.exactOptional(v.array(text)),
  planned: v.exactOptional(
    v.object({ baseSession: text, location: text, include: v.array(text), link: v.exactOptional(v.array(text)) }),
  ),
  worktree: v.picklist(['planned', 'creating', 'present', 'failed', 'deleting', 'deleted']),
  worktreeFailure: v.exactOptional(text),
  trashPath: v.exactOptional(text),
  notCaptured: v.exactOptional(v.array(text)),
  applied: v.exactOptional(SESSION_RECORD_SCHEMAS.applied),
  branch: v.exactOptional(SESSION_RECORD_SCHEMAS['branch.made']),
  archived: v.boolean(),
  createdAt: text,
  lastActivityAt: text,
  damagedRecords: count,
  runs: v.array(runFactsSchema),
});

/**
 * The canonical events of a run: what a driver makes of an agent's output, what the runner journals, what the index
 * stores and what the views show. Shapes only; validated wherever they come from outside (a file, a message).
 */
import * as v from 'valibot';
import { attachmentSchema } from './attachments';
import { budgetLevelSchema, budgetStepSchema } from './budget';
import { sha256Schema } from './ids';

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Tokens, and the cost in USD where the agent reports it. Differences, never running totals. */
export const usageSchema = v.object({
  inputTokens: v.optional(count),
  outputTokens: v.optional(count),
  cachedTokens: v.optional(count),
  costUsd: v.optional(v.number()),
});
export type Usage = v.InferOutput<typeof usageSchema>;

/** The sum of usages: tokens, and USD where the agent reports a cost. */
export const usageTotalsSchema = v.object({
  inputTokens: v.number(),
  outputTokens: v.number(),
  cachedTokens: v.number(),
  costUsd: v.number(),
});
export type UsageTotals = v.InferOutput<typeof usageTotalsSchema>;

export const NO_USAGE: UsageTotals = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0 };

export function plusUsage(total: UsageTotals, usage: Usage): UsageTotals {
  return {
    inputTokens: total.inputTokens + (usage.inputTokens ?? 0),
    outputTokens: total.outputTokens + (usage.outputTokens ?? 0),
    cachedTokens: total.cachedTokens + (usage.cachedTokens ?? 0),
    costUsd: total.costUsd + (usage.costUsd ?? 0),
  };
}

/** A usage limit of an agent's account, as far as the agent tells of it. */
export const usageLimitSchema = v.object({
  /** ISO 8601 UTC. */
  resetsAt: v.exactOptional(v.pipe(text, v.isoTimestamp())),
  /** Which of the account's limits, as the agent names it, such as `five_hour`. */
  window: v.exactOptional(text),
});
export type UsageLimit = v.InferOutput<typeof usageLimitSchema>;

/** How full the agent's context window was at its last request, and how much it holds, as far as it tells. */
export const contextUseSchema = v.object({ usedTokens: v.optional(count), limitTokens: v.optional(count) });
export type ContextUse = v.InferOutput<typeof contextUseSchema>;

export const TOOL_CATEGORIES = [
  'read',
  'edit',
  'delete',
  'move',
  'search',
  'execute',
  'fetch',
  'think',
  'other',
] as const;
export type ToolCategory = (typeof TOOL_CATEGORIES)[number];

export const permissionOptionSchema = v.object({
  optionId: text,
  name: text,
  /** `allow_always` also covers later requests of the same kind, as far as the agent can. */
  kind: v.picklist(['allow_once', 'allow_always', 'reject_once', 'reject_always']),
});
export type PermissionOption = v.InferOutput<typeof permissionOptionSchema>;

/** For each question of a request what was chosen of its options' labels, or said in other words. */
export const answersSchema = v.array(v.array(text));

/** How a run ended. Only `completed` is a success; `stopped` and `killed` were asked for by a person. */
export const RUN_OUTCOMES = ['completed', 'failed', 'stopped', 'killed', 'interrupted', 'crashed', 'lost'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

export const RUN_STATES = ['queued', 'starting', 'running', 'waiting', 'stopping', ...RUN_OUTCOMES] as const;
export type RunState = (typeof RUN_STATES)[number];

/** The driver in `run.started` of a run that is the worktree's teardown command and has no agent. */
export const TEARDOWN_DRIVER = 'teardown';

/** A picture in what was said or given back. */
const pictureSchema = v.object({
  /** Such as `image/png`, as the agent names it. */
  mediaType: text,
  /** Decoded. */
  bytes: count,
  /** Base64. */
  data: text,
});
export type Picture = v.InferOutput<typeof pictureSchema>;
const pictures = v.optional(v.array(pictureSchema));

/** Whether a JSON pointer leads to the bytes of a picture, which are no text to be searched. */
export function isPictureData(pointer: string): boolean {
  return /^\/pictures(\/|$)/.test(pointer);
}

/** The data of each kind of event. Unknown fields are dropped; unknown kinds become `output` before they get here. */
export const EVENT_SCHEMAS = {
  /** Written before the agent is spawned. `environment` holds names only, never values. */
  'run.started': v.object({
    ordinal: count,
    agent: text,
    driver: text,
    argv: v.array(text),
    cwd: text,
    environment: v.optional(v.array(text)),
  }),
  'agent.session': v.object({
    nativeSessionId: text,
    backendType: text,
    model: v.optional(text),
    version: v.optional(text),
    permissionMode: v.optional(text),
  }),
  'turn.started': v.object({ turn: count }),
  'turn.ended': v.object({
    turn: count,
    stopReason: text,
    failed: v.boolean(),
    message: v.optional(text),
    usage: v.optional(usageSchema),
  }),
  message: v.object({
    role: v.picklist(['user', 'assistant', 'system']),
    text,
    pictures,
    /** What a person attached: the files are in the session's folder. */
    attachments: v.optional(v.array(attachmentSchema)),
    /** This tells that the agent compacted its context window, which had held so much. */
    compaction: v.optional(v.object({ usedTokens: v.optional(count) })),
  }),
  reasoning: v.object({
    text,
    /** The call of the sub-agent that thought or said this; absent for the agent itself. */
    parentCallId: v.optional(text),
  }),
  'tool.call': v.object({
    callId: text,
    name: text,
    title: text,
    input: v.unknown(),
    category: v.picklist(TOOL_CATEGORIES),
    locations: v.array(v.object({ path: text, line: v.optional(count) })),
    /** The call that this one runs inside of (a sub-agent's tools). */
    parentCallId: v.optional(text),
  }),
  'tool.result': v.object({ callId: text, status: v.picklist(['ok', 'failed', 'denied']), output: text, pictures }),
  'file.change': v.object({
    path: text,
    change: v.picklist(['added', 'modified', 'deleted', 'renamed']),
    addedLines: v.optional(count),
    removedLines: v.optional(count),
    diff: v.optional(text),
    callId: v.optional(text),
  }),
  plan: v.object({ entries: v.array(v.object({ text, status: v.picklist(['pending', 'in_progress', 'completed']) })) }),
  'permission.request': v.object({
    requestId: text,
    /** On one line, with signs for what cannot be seen: `visibleLine` of src/common/visibleText.ts. */
    title: text,
    /** True where the title and the options' names are, unchanged, all that an answer allows. */
    isWhole: v.optional(v.boolean()),
    toolName: v.optional(text),
    callId: v.optional(text),
    input: v.optional(v.unknown()),
    options: v.array(permissionOptionSchema),
    /** The `optionId` of an answer with `answers` to the questions in `input`; it is none of `options`. */
    answerOption: v.optional(text),
    /** Corral asks this, since a budget is used up. */
    budget: v.optional(budgetLevelSchema),
  }),
  /** `withdrawn`: the agent took the request back, by an interrupt or its end, and no answer was sent. */
  'permission.answer': v.object({
    requestId: text,
    outcome: v.picklist(['allowed', 'denied', 'withdrawn']),
    optionId: v.optional(text),
    message: v.optional(text),
    answers: v.optional(answersSchema),
    /** Up to where the session may use more than its budget. */
    budget: v.optional(budgetStepSchema),
  }),
  /** `context` replaces what was known of it before; its `usedTokens` are absent right after a compaction. */
  usage: v.object({ ...usageSchema.entries, context: v.optional(contextUseSchema) }),
  /** The counts are against the session's base. */
  snapshot: v.object({
    commit: text,
    tree: text,
    files: v.optional(count),
    addedLines: v.optional(count),
    removedLines: v.optional(count),
  }),
  /** What the driver did not understand, and everything that an agent without a protocol prints. */
  output: v.object({ stream: v.picklist(['stdout', 'stderr']), text }),
  error: v.object({
    message: text,
    code: v.optional(text),
    /** True where the agent tries again by itself. */
    retrying: v.optional(v.boolean()),
    /** The account's usage limit is reached. */
    limit: v.optional(usageLimitSchema),
  }),
  /** A change of state that no other event shows, such as `stopping`, or a note such as a pause for a full disk. */
  status: v.object({
    from: v.picklist(RUN_STATES),
    to: v.picklist(RUN_STATES),
    reason: text,
    /** From now on, the number of tasks that the agent has in the background. */
    backgroundTasks: v.optional(count),
    /** From now on, the number of other sessions for which the agent waits. */
    waitingFor: v.optional(count),
    /** Most of this budget is used. */
    budget: v.optional(budgetLevelSchema),
  }),
  /** The runner's last record. */
  'run.exited': v.object({
    outcome: v.picklist(RUN_OUTCOMES),
    exitCode: v.nullable(v.number()),
    signal: v.nullable(text),
    reason: text,
  }),
} as const;

export type EventKind = keyof typeof EVENT_SCHEMAS;
export const EVENT_KINDS = Object.keys(EVENT_SCHEMAS) as readonly EventKind[];

/** For fields too large for a line, which keep a preview: JSON pointer of the field → its content in `blobs/`. */
export const blobReferencesSchema = v.record(v.string(), v.object({ sha256: sha256Schema, bytes: count }));
export type BlobReferences = v.InferOutput<typeof blobReferencesSchema>;

export type EventData<K extends EventKind = EventKind> = v.InferOutput<(typeof EVENT_SCHEMAS)[K]> & {
  blobs?: BlobReferences;
};

/** An event without number and time: what drivers make. */
export type DraftEvent = { [K in EventKind]: { kind: K; data: EventData<K> } }[EventKind];

/** An event as the journal, the index and the views know it. `timestamp` is ISO 8601 UTC with milliseconds. */
export type SessionEvent = DraftEvent & {
  id: number;
  sessionId: string;
  runId: string;
  seq: number;
  timestamp: string;
};

/** Each kind's shape with `blobs`, so that an event is validated in one step. */
const DATA_SCHEMAS = new Map(
  Object.entries(EVENT_SCHEMAS).map(([kind, schema]) => [
    kind,
    v.object({ ...schema.entries, blobs: v.optional(blobReferencesSchema) }),
  ]),
);

/** The draft in `kind` and `data`; undefined where the data does not have the shape of that kind. */
export function parseDraft(kind: string, data: unknown): DraftEvent | undefined {
  const schema = DATA_SCHEMAS.get(kind);
  if (schema === undefined) return undefined;
  const parsed = v.safeParse(schema, data);
  // The schema is the one of `kind`, which TypeScript cannot follow through the table.
  return parsed.success ? ({ kind, data: parsed.output } as DraftEvent) : undefined;
}

/** An event with its place in the journal of its run. */
export interface NumberedEvent {
  seq: number;
  timestamp: string;
  draft: DraftEvent;
  /** The draft's data as JSON, as it stands in the journal; absent where it was made from something else. */
  json?: Uint8Array;
}

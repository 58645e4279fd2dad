/**
 * What the timeline's page and the extension say to each other. The page asks, by numbered requests; the extension
 * answers each of them, and pushes a new `session` when something changed and the page has the one before. Both ends check what arrives with
 * these schemas.
 */
import * as v from 'valibot';
import { RUN_STATES, parseDraft, permissionOptionSchema } from '../storage/events';
import type { SessionEvent } from '../storage/events';
import { PAGE_QUERIES } from '../storage/timelineQueries';

export { MAX_EVENTS_PER_QUERY } from '../storage/timelineQueries';

/** Events that one request can ask for. */
export const MAX_EVENTS_PER_REQUEST = 200;

/** Longer texts of an event reach the page as a preview of this many UTF-16 units; `event` brings the whole. */
export const PREVIEW_LENGTH = 8_192;

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seq = v.pipe(v.number(), v.integer(), v.minValue(1));
const id = v.pipe(v.string(), v.regex(/^[a-z2-7]{12}$/));

const placeSchema = v.object({ runId: id, seq });
/** An event by the run that it belongs to and its number there. */
export type EventPlace = v.InferOutput<typeof placeSchema>;

const timelineRunSchema = v.object({
  runId: id,
  ordinal: count,
  state: v.picklist(RUN_STATES),
  /** The run's events are `seq` 1…eventCount. */
  eventCount: count,
  /** Times of its first and last event, milliseconds since the epoch; both 0 where there is none yet. */
  firstMs: v.number(),
  lastMs: v.number(),
});
export type TimelineRun = v.InferOutput<typeof timelineRunSchema>;

export const sessionSchema = v.object({
  id,
  title: text,
  agent: text,
  status: v.picklist(['Starting', 'Running', 'Completed', 'Failed']),
  state: v.picklist(RUN_STATES),
  /** When `state` was reached, ISO 8601 UTC. */
  since: text,
  needsInput: v.boolean(),
  restored: v.boolean(),
  recoveryHint: v.optional(v.picklist(['resume', 'restart'])),
  failureReason: v.optional(text),
  deleted: v.boolean(),
  unreachable: v.optional(text),
  paused: v.optional(v.object({ reason: text, since: text })),
  damagedRecords: count,
  checking: v.boolean(),
  usage: v.object({ inputTokens: v.number(), outputTokens: v.number(), cachedTokens: v.number(), costUsd: v.number() }),
  /** The run that asks the pending permissions. */
  currentRunId: v.optional(id),
  runs: v.array(timelineRunSchema),
  pendingPermissions: v.array(v.object({ requestId: text, title: text, options: v.array(permissionOptionSchema) })),
});
export type TimelineSession = v.InferOutput<typeof sessionSchema>;

/** `cut`: name of a field of `data` → length of its whole text, where the field is only a preview. */
export type TimelineEvent = SessionEvent & { cut?: Record<string, number> };

const eventSchema = v.pipe(
  v.object({
    id: count,
    sessionId: id,
    runId: id,
    seq,
    timestamp: text,
    kind: text,
    data: v.unknown(),
    cut: v.optional(v.record(text, count)),
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }): TimelineEvent => {
    const { kind, data, cut, ...place } = dataset.value;
    const draft = parseDraft(kind, data);
    if (draft === undefined) {
      addIssue({ message: `not the data of an event of kind ${kind}` });
      return NEVER;
    }
    return { ...place, ...draft, ...(cut === undefined ? {} : { cut }) };
  }),
);

/** The page's requests by method: what each carries, and what it is answered with. */
export const TIMELINE_REQUESTS = {
  /** The page has loaded. Until this is answered nothing is pushed but `reading`. */
  ready: { parameters: v.object({}), result: v.object({ session: sessionSchema }) },
  /** Answered at once: the page finds out whether the extension is still there. */
  ping: { parameters: v.object({}), result: v.object({}) },
  events: {
    parameters: v.object({ runId: id, fromSeq: seq, limit: v.pipe(seq, v.maxValue(MAX_EVENTS_PER_REQUEST)) }),
    result: v.object({ events: v.array(eventSchema) }),
  },
  /** One event with nothing cut. */
  event: { parameters: placeSchema, result: v.object({ event: eventSchema }) },
  /** The last event that is not later than `timeMs`; the first one where all are later. */
  seqAt: { parameters: v.object({ runId: id, timeMs: v.number() }), result: v.object({ seq }) },
  ...PAGE_QUERIES,
  answer: { parameters: v.object({ runId: id, requestId: text, optionId: text }), result: v.object({}) },
  send: { parameters: v.object({ text: v.pipe(text, v.regex(/\S/)) }), result: v.object({}) },
  interrupt: { parameters: v.object({}), result: v.object({}) },
  resume: { parameters: v.object({}), result: v.object({}) },
  stop: { parameters: v.object({}), result: v.object({}) },
  /** Opens a file of the worktree beside the timeline. */
  openFile: {
    parameters: v.object({ path: v.pipe(text, v.minLength(1)), line: v.optional(count) }),
    result: v.object({}),
  },
  /** Puts a link to the event on the clipboard. */
  copyLink: { parameters: placeSchema, result: v.object({}) },
  /** Offers what can be done with the files of a snapshot: compare them, go back to them, start a session from them. */
  showSnapshot: { parameters: v.object({ commit: v.pipe(text, v.regex(/^[0-9a-f]{40,64}$/)) }), result: v.object({}) },
  /** Searches for a text in everything that was recorded, in whole outputs and in every session. */
  searchHistory: { parameters: v.object({ text: v.pipe(text, v.minLength(1)) }), result: v.object({}) },
  /** Opens a field of an event, whole, beside the timeline. */
  openPayload: {
    parameters: v.object({ runId: id, seq, field: v.pipe(text, v.regex(/^\w+$/)) }),
    result: v.object({}),
  },
} as const;
export type TimelineMethod = keyof typeof TIMELINE_REQUESTS;

/** Requests that do something to the session, which takes as long as it takes: to end a run, to wait for a place in the queue. */
export const ACTING_METHODS: ReadonlySet<TimelineMethod> = new Set(['answer', 'send', 'interrupt', 'resume', 'stop']);

export type TimelineParameters<M extends TimelineMethod> = v.InferOutput<(typeof TIMELINE_REQUESTS)[M]['parameters']>;
export type TimelineResult<M extends TimelineMethod> = v.InferOutput<(typeof TIMELINE_REQUESTS)[M]['result']>;

/** The page has what was pushed last: the next push does not pile up behind it. */
const receivedSchema = v.object({ type: v.literal('received') });

export type PageRequest = {
  [M in TimelineMethod]: {
    type: 'request';
    requestNumber: number;
    method: M;
    parameters: TimelineParameters<M>;
  };
}[TimelineMethod];

const pageRequestSchema = v.pipe(
  v.object({
    type: v.literal('request'),
    requestNumber: count,
    method: v.picklist(Object.keys(TIMELINE_REQUESTS) as TimelineMethod[]), // the keys of our own table
    parameters: v.unknown(),
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }): PageRequest => {
    const { method } = dataset.value;
    const parameters = v.safeParse(TIMELINE_REQUESTS[method].parameters, dataset.value.parameters);
    if (parameters.success) return { ...dataset.value, parameters: parameters.output } as PageRequest; // those of `method`
    addIssue({ message: `not the parameters of ${method}: ${v.summarize(parameters.issues)}` });
    return NEVER;
  }),
);

/** What the page sends. */
export const pageMessageSchema = v.union([pageRequestSchema, receivedSchema]);

/** What the extension sends. The result of an answer is checked by the request that waits for it. */
export const hostMessageSchema = v.variant('type', [
  v.object({ type: v.literal('answer'), requestNumber: count, result: v.unknown() }),
  v.object({ type: v.literal('rejection'), requestNumber: count, message: text }),
  /** With the last of the events that are new since the page was told of the session before. */
  v.object({ type: v.literal('session'), session: sessionSchema, events: v.array(eventSchema) }),
  /** This share of the session's history was read, and it is read on: whatever was asked is answered after that. */
  v.object({ type: v.literal('reading'), share: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) }),
  /** Somebody followed a link to this event. */
  v.object({ type: v.literal('show'), place: placeSchema }),
  /** An earlier page sent this message and was gone when that failed. */
  v.object({ type: v.literal('unsent'), text }),
  /** Something went wrong that no request asked for. */
  v.object({ type: v.literal('failure'), message: text }),
]);
export type HostMessage = v.InferOutput<typeof hostMessageSchema>;

/** What the page keeps over being hidden or the editor's end, and what VS Code hands back to revive a panel. */
export const savedStateSchema = v.object({
  sessionId: id,
  /** The one run that is shown; all of them where absent. */
  runId: v.optional(id),
  /** The last event that a replay shows; absent while the page follows the end. */
  position: v.optional(placeSchema),
  /** Typed, not sent. */
  draft: v.optional(text),
  /** The start that the page was last sent to, which it does not go back to. */
  start: v.optional(text),
});
export type SavedState = v.InferOutput<typeof savedStateSchema>;

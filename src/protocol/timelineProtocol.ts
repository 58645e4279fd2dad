/**
 * The messages between a timeline's page and the extension, which check what they get from each other.
 * The page sends numbered requests; the extension answers each, and pushes the `session` when it changed.
 */
import * as v from 'valibot';
import { asideSchema } from '../storage/asides';
import { idSchema } from '../storage/ids';
import { RUN_STATES, answersSchema, parseDraft, permissionOptionSchema } from '../storage/events';
import type { SessionEvent } from '../storage/events';
import { issueReferenceSchema } from '../storage/issueReference';
import { ANSWER_SCHEMAS, requestSchemaOf, type RequestOf } from './pageRequests';
import { PATIENT_PROMPT_METHODS, PROMPT_REQUESTS } from './promptProtocol';
import { PAGE_QUERIES, TIMELINE_QUERIES } from '../storage/timelineQueries';

export { asideSchema, type Aside } from '../storage/asides';
export { MAX_EVENTS_PER_QUERY } from '../storage/timelineQueries';

/** Events that one `events` request can ask for. */
const MAX_EVENTS_PER_REQUEST = 200;

/** Events that the page loads and drops together: from `seq` 1, 51, 101 and so on. */
export const WINDOW_SIZE = 50;

/** UTF-16 units of an event's text that reach the page. Longer texts are cut, and `event` brings them whole. */
export const PREVIEW_LENGTH = 8_192;

/** How much the list shows of what happened: `everything` has a row for each event. */
export const DETAILS = ['summary', 'normal', 'everything'] as const;
export type Detail = (typeof DETAILS)[number];

/** What a page can offer to do with its session, beside writing to its agent (`message`). */
export const SESSION_ACTIONS = ['review', 'apply', 'branch', 'continueHere'] as const;
export type SessionAction = (typeof SESSION_ACTIONS)[number];

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seq = v.pipe(v.number(), v.integer(), v.minValue(1));

const detail = v.picklist(DETAILS);
const placeSchema = v.object({ runId: idSchema, seq });
/** An event by the run that it belongs to and its number there. */
export type EventPlace = v.InferOutput<typeof placeSchema>;
const partSchema = v.picklist(['messageBox', 'question']);
/** A part that gets the keyboard: the box for messages, or the question that waits for an answer. */
export type TimelinePart = v.InferOutput<typeof partSchema>;
/** What of a timeline is to be shown. */
export type TimelineTarget = EventPlace | TimelinePart;

const pictureSchema = v.object({ ...placeSchema.entries, index: count });

const fieldSchema = v.object({ ...placeSchema.entries, field: v.pipe(text, v.regex(/^\w+$/)) });

const timelineRunSchema = v.object({
  runId: idSchema,
  ordinal: count,
  state: v.picklist(RUN_STATES),
  /** The run's events are `seq` 1…eventCount. */
  eventCount: count,
  /** Turns of the runs before it: people count them through the whole session. */
  turnsBefore: count,
  /** Times of its first and last event, milliseconds since the epoch; both 0 where there is none yet. */
  firstMs: v.number(),
  lastMs: v.number(),
});
export type TimelineRun = v.InferOutput<typeof timelineRunSchema>;

/** How full the agent's context window is, and how much it holds where that is known. */
const contextSchema = v.object({ usedTokens: count, limitTokens: v.optional(count) });

export const sessionSchema = v.object({
  id: idSchema,
  title: text,
  agent: text,
  issue: v.exactOptional(issueReferenceSchema),
  /** Where its files lie, so that paths in it can be shown without it. */
  worktreePath: v.exactOptional(text),
  /** The other host on which it works, and the time of the last event that came from there. */
  host: v.exactOptional(
    v.object({
      name: text,
      state: v.picklist(['idle', 'connecting', 'connected', 'unreachable']),
      since: v.exactOptional(text),
      mirroredTo: v.exactOptional(text),
      /** It is deleted here alone. */
      remains: v.exactOptional(v.literal(true)),
    }),
  ),
  /** The host that it left when it went on here. */
  formerHost: v.exactOptional(v.object({ name: text, leftAt: text, mayGoOn: v.exactOptional(v.literal(true)) })),
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
  context: v.optional(contextSchema),
  /** Against the base, as of the last snapshot. */
  changes: v.optional(v.object({ files: count, addedLines: count, removedLines: count })),
  /** What can be done with the session now. */
  actions: v.array(v.picklist([...SESSION_ACTIONS, 'message'])),
  /** The run of the pending permission requests. */
  currentRunId: v.optional(idSchema),
  runs: v.array(timelineRunSchema),
  pendingPermissions: v.array(v.object({ requestId: text, title: text, options: v.array(permissionOptionSchema) })),
});
export type TimelineSession = v.InferOutput<typeof sessionSchema>;

const { snapshot: partSnapshot, ...partEntries } = TIMELINE_QUERIES.moment.result.entries;
/** What was known of a session right after an event. */
const momentSchema = v.object({
  ...partEntries,
  /** The last one; what it has changed is counted against the session's base. */
  snapshot: v.optional(v.object({ ...partSnapshot.wrapped.entries, ...placeSchema.entries })),
});
export type MomentFacts = v.InferOutput<typeof momentSchema>;

/** `cut` has the whole length of each text in `data` that is only a preview, by the name of its field. */
export type TimelineEvent = SessionEvent & { cut?: Record<string, number> };

const eventSchema = v.pipe(
  v.object({
    id: count,
    sessionId: idSchema,
    runId: idSchema,
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

/** The page's requests: the parameters of each and the result of its answer. */
export const TIMELINE_REQUESTS = {
  ...PROMPT_REQUESTS,
  /** The page has loaded. Only `reading`, `asides` and `failure` are pushed before this is answered. */
  ready: {
    parameters: v.object({}),
    /** `events` are the last ones, as many as a page shows at first. */
    result: v.object({ session: sessionSchema, events: v.array(eventSchema), detail }),
  },
  /** Answered at once, so that the page knows whether the extension is alive. */
  ping: { parameters: v.object({}), result: v.object({}) },
  events: {
    parameters: v.object({ runId: idSchema, fromSeq: seq, limit: v.pipe(seq, v.maxValue(MAX_EVENTS_PER_REQUEST)) }),
    result: v.object({ events: v.array(eventSchema) }),
  },
  /** One event with nothing cut. */
  event: { parameters: placeSchema, result: v.object({ event: eventSchema }) },
  /** The last event that is not later than `timeMs`; the first one where all are later. */
  seqAt: { parameters: v.object({ runId: idSchema, timeMs: v.number() }), result: v.object({ seq }) },
  ...PAGE_QUERIES,
  answer: {
    parameters: v.object({
      runId: idSchema,
      requestId: text,
      optionId: text,
      message: v.exactOptional(text),
      answers: v.exactOptional(answersSchema),
    }),
    result: v.object({}),
  },
  /** Sends the text with what is attached in the message box. */
  send: { parameters: v.object({ text: v.pipe(text, v.regex(/\S/)) }), result: v.object({}) },
  interrupt: { parameters: v.object({}), result: v.object({}) },
  resume: { parameters: v.object({}), result: v.object({}) },
  stop: { parameters: v.object({}), result: v.object({}) },
  /** Opens a file of the worktree in the place of the timeline: as it is, or as it was at an event. */
  openFile: {
    parameters: v.object({ path: v.pipe(text, v.minLength(1)), line: v.optional(count), at: v.optional(placeSchema) }),
    result: v.object({}),
  },
  /** Ends the process that answers a question beside the work. */
  cancelAside: { parameters: v.object({ asideId: idSchema }), result: v.object({}) },
  /** Runs the command of this action. A person may be asked, so this is answered at once. */
  act: { parameters: v.object({ action: v.picklist(SESSION_ACTIONS) }), result: v.object({}) },
  /** Every timeline shows so much from now on; the page is told by `detail`. */
  chooseDetail: { parameters: v.object({ detail }), result: v.object({}) },
  /** Puts the texts of the events that a row shows on the clipboard. */
  copyEvent: { parameters: v.object({ ...placeSchema.entries, shown: v.array(seq) }), result: v.object({}) },
  /** Puts a text on the clipboard. */
  copyText: { parameters: v.object({ text }), result: v.object({}) },
  /** Puts a field of an event on the clipboard, with nothing cut and without the control sequences of a terminal. */
  copyField: { parameters: fieldSchema, result: v.object({}) },
  /** Opens the file of an edit, before and after it. */
  openDiff: { parameters: placeSchema, result: v.object({}) },
  /** The page shows the session as it was at this event; without one, as it is. */
  moment: {
    parameters: v.object({ place: v.optional(placeSchema) }),
    result: v.object({ facts: v.optional(momentSchema) }),
  },
  /** Copies a link to the event to the clipboard. */
  copyLink: { parameters: placeSchema, result: v.object({}) },
  /** Lets a person choose what to do with the files of a snapshot, such as comparing or restoring them. */
  showSnapshot: { parameters: v.object({ commit: v.pipe(text, v.regex(/^[0-9a-f]{40,64}$/)) }), result: v.object({}) },
  /** Searches all sessions for a text, also where an event holds only a preview. */
  searchHistory: { parameters: v.object({ text: v.pipe(text, v.minLength(1)) }), result: v.object({}) },
  /** A picture of an event as a `data:` address; absent where the page cannot or should not show it. */
  picture: { parameters: pictureSchema, result: v.object({ address: v.optional(text) }) },
  /** Opens a picture of an event beside the timeline. */
  openPicture: { parameters: pictureSchema, result: v.object({}) },
  /** Opens a field of an event with nothing cut, beside the timeline. */
  openPayload: { parameters: fieldSchema, result: v.object({}) },
} as const;
export type TimelineMethod = keyof typeof TIMELINE_REQUESTS;

/** Requests that change the session. They have no timeout, since ending or queueing a run can take any time. */
export const ACTING_METHODS: ReadonlySet<TimelineMethod> = new Set(['answer', 'send', 'interrupt', 'resume', 'stop']);
/** These have none either, since some wait for a person. */
export const PATIENT_METHODS: ReadonlySet<TimelineMethod> = new Set([...ACTING_METHODS, ...PATIENT_PROMPT_METHODS]);

export type TimelineParameters<M extends TimelineMethod> = v.InferOutput<(typeof TIMELINE_REQUESTS)[M]['parameters']>;
export type TimelineResult<M extends TimelineMethod> = v.InferOutput<(typeof TIMELINE_REQUESTS)[M]['result']>;

/** The page has the last push. The next one waits for this, so that pushes do not pile up. */
const receivedSchema = v.object({ type: v.literal('received') });

export type PageRequest = RequestOf<typeof TIMELINE_REQUESTS>;

/** What the page sends. */
export const pageMessageSchema = v.union([requestSchemaOf(TIMELINE_REQUESTS), receivedSchema]);

/** What the extension sends. */
export const hostMessageSchema = v.variant('type', [
  ...ANSWER_SCHEMAS,
  /** `events` are the newest of those that are new since the last push. */
  v.object({ type: v.literal('session'), session: sessionSchema, events: v.array(eventSchema) }),
  /** This share of the history is indexed. What needs all of it is answered when all is. */
  v.object({ type: v.literal('reading'), share: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) }),
  /** All questions that were asked beside the work, in their order. */
  v.object({ type: v.literal('asides'), asides: v.array(asideSchema) }),
  /** Somebody followed a link to this event. */
  v.object({ type: v.literal('show'), place: placeSchema }),
  /** Somebody wants to write a message, or to answer. */
  v.object({ type: v.literal('focus'), part: partSchema }),
  /** How much the list is to show. */
  v.object({ type: v.literal('detail'), detail }),
  /** A message of an earlier page, which was gone when sending failed. */
  v.object({ type: v.literal('unsent'), text }),
  /** The session could not be read for a push. */
  v.object({ type: v.literal('failure'), message: text }),
]);
export type HostMessage = v.InferOutput<typeof hostMessageSchema>;

/** What VS Code keeps of a page while it is hidden and over a restart of the editor. */
export const savedStateSchema = v.object({
  sessionId: idSchema,
  /** The one run that is shown; all of them where absent. */
  runId: v.optional(idSchema),
  /** Where the replay stands; absent while the page follows the end. */
  position: v.optional(placeSchema),
  /** What was typed and not sent, in what earlier versions saved. */
  draft: v.optional(text),
  /** `start` of the HTML whose place was shown already, see `timelinePage`. */
  start: v.optional(text),
});
export type SavedState = v.InferOutput<typeof savedStateSchema>;

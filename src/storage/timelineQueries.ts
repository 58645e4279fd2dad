/**
 * What can be asked of the events of one session: each query's parameters and its result. To add one, declare it here,
 * answer it in `timelineReader.ts`, and ask it where it is needed: all between the two follows from this file.
 */
import * as v from 'valibot';
import { eventPlace, idSchema } from './ids';
import { contextUseSchema, EVENT_KINDS, RUN_OUTCOMES, parseDraft } from './events';
import type { SessionEvent } from './events';

/** Events that one query looks at; the rest of a longer part is left out, so that no other query waits for long. */
export const MAX_EVENTS_PER_QUERY = 20_000;
/** Events that one query gives. */
export const MAX_EVENTS_PER_PAGE = 1_000;

const text = v.string();
const seq = v.pipe(v.number(), v.integer(), v.minValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const limit = v.pipe(seq, v.maxValue(MAX_EVENTS_PER_PAGE));
const kind = v.picklist(EVENT_KINDS);

/** Events `fromSeq` to `toSeq` of a run, both included. */
const runPart = { runId: idSchema, fromSeq: seq, toSeq: seq };

/** A tool by its name, or a file by its path, with its number of events. */
const facet = v.object({ name: text, count });

/** An event's id, timestamp, kind and data. */
type EventRow = [id: number, timestamp: string, kind: string, data: unknown];

/** Written out, since it looks at each row of each page. */
function isEventRow(value: unknown): value is EventRow {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const row: readonly unknown[] = value;
  return typeof row[0] === 'number' && typeof row[1] === 'string' && typeof row[2] === 'string';
}

/** Events. They travel as one text, since an object for each would be copied between the threads. */
const events = v.pipe(
  v.object({
    sessionId: text,
    /** Ordinals and ids of the events' runs. */
    runs: v.array(v.tuple([count, text])),
    /** JSON: an array of `EventRow`. Ordinal and `seq` of an event follow from its id. */
    rows: v.pipe(text, v.parseJson(), v.array(v.custom<EventRow>(isEventRow))),
  }),
  v.transform(({ sessionId, runs, rows }): SessionEvent[] => {
    const runIds = new Map(runs);
    return rows.flatMap(([eventId, timestamp, kindName, data]) => {
      const { ordinal, seq: number } = eventPlace(eventId);
      const runId = runIds.get(ordinal);
      const draft = parseDraft(kindName, data); // what this version cannot read is still in the journal
      if (draft === undefined || runId === undefined) return [];
      return { ...draft, id: eventId, sessionId, runId, seq: number, timestamp };
    });
  }),
);

/** Queries that the timeline's page can ask as well. Their results are plain JSON. */
export const PAGE_QUERIES = {
  /** Which events of a part of a run match. */
  findEvents: {
    parameters: v.object({
      ...runPart,
      /** In any text of the event, whatever its case and normal form; '' for any event. */
      text,
      /** Only errors, and tools, turns and runs that did not end well. */
      failed: v.boolean(),
      /** Only calls of the tool with this name, their results and permissions; '' for any. */
      tool: text,
      /** Only what touched a file with this in its path, whatever the case; '' for any. */
      file: text,
      /** Matches of other kinds are counted, but not listed. */
      kinds: v.optional(v.array(kind)),
    }),
    /** `seqs` ascend. `counts` has the matches of each kind, and no kind without any. */
    result: v.object({ seqs: v.array(seq), counts: v.record(kind, count) }),
  },
  /** The tools and files of a part of a run that have the most events. */
  facets: { parameters: v.object(runPart), result: v.object({ tools: v.array(facet), files: v.array(facet) }) },
  /** How many events of each kind there are in each stretch of time; those without any are left out. */
  density: {
    parameters: v.object({
      ...runPart,
      /** Stretch n is the `stretchMs` milliseconds from `startMs` + n × `stretchMs` on. */
      startMs: v.number(),
      stretchMs: v.pipe(v.number(), v.minValue(1)),
    }),
    result: v.array(v.object({ stretch: count, kind, count })),
  },
  /** The longest times in which nothing happened, of at least `minimumMs`; milliseconds since the epoch. */
  pauses: {
    parameters: v.object({ ...runPart, minimumMs: v.pipe(v.number(), v.minValue(1)) }),
    result: v.array(v.object({ fromMs: v.number(), toMs: v.number() })),
  },
} as const;

export const TIMELINE_QUERIES = {
  ...PAGE_QUERIES,
  /** Events in order of (timestamp, seq, id). Throws INVALID_ARGUMENT where `afterId` is no event's. */
  history: {
    parameters: v.object({
      runId: v.optional(text),
      /** `id` of the last event of the page before. */
      afterId: v.optional(v.number()),
      limit,
      kinds: v.optional(v.array(text)),
    }),
    result: events,
  },
  /** Events `fromSeq` and on of one run, in order of `seq`, each place found by one key look-up. */
  runEvents: { parameters: v.object({ runId: idSchema, fromSeq: seq, limit }), result: events },
  /** What a part of a run says about the state of its session: sums, and the last of each kind. */
  moment: {
    parameters: v.object(runPart),
    result: v.object({
      usage: v.object({
        inputTokens: v.number(),
        outputTokens: v.number(),
        cachedTokens: v.number(),
        costUsd: v.number(),
      }),
      model: v.optional(text),
      context: v.optional(contextUseSchema),
      /** The outcome, where the run ended. */
      ended: v.optional(v.picklist(RUN_OUTCOMES)),
      stopping: v.boolean(),
      /** Questions that were asked minus those that were answered. */
      questions: v.number(),
      /** Changes of files after the last snapshot. */
      edits: count,
      snapshot: v.optional(
        v.object({
          seq,
          commit: text,
          timestamp: text,
          files: v.optional(count),
          addedLines: v.optional(count),
          removedLines: v.optional(count),
        }),
      ),
    }),
  },
  /** What people and the agent said, in order of time. */
  conversation: {
    parameters: v.object({}),
    result: v.array(v.object({ runId: text, role: text, content: text, timestamp: text })),
  },
} as const;

export type TimelineQuery = keyof typeof TIMELINE_QUERIES;
export type QueryParameters<Q extends TimelineQuery> = v.InferOutput<(typeof TIMELINE_QUERIES)[Q]['parameters']>;
export type QueryResult<Q extends TimelineQuery> = v.InferOutput<(typeof TIMELINE_QUERIES)[Q]['result']>;
/** The result as it crosses from the worker. */
export type QueryAnswer<Q extends TimelineQuery> = v.InferInput<(typeof TIMELINE_QUERIES)[Q]['result']>;

export type ConversationEntry = QueryResult<'conversation'>[number];

/** Asks about one session. */
export type AskTimeline = <Q extends TimelineQuery>(
  query: Q,
  parameters: QueryParameters<Q>,
) => Promise<QueryResult<Q>>;

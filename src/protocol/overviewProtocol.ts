/**
 * The messages between the overview's page and the extension, which both check what arrives.
 * The page asks again and again while somebody looks.
 */
import * as v from 'valibot';
import { idSchema } from '../storage/ids';

/** At most so many sessions are drawn; the others are counted. */
export const MAX_LANES = 40;

/** How far back the overview can go. */
export const OVERVIEW_DAYS = [1, 7, 30] as const;

/** What a person can do with a session that needs them, without leaving the overview. */
export const OVERVIEW_ACTIONS = ['answer', 'resume'] as const;
export type OverviewAction = (typeof OVERVIEW_ACTIONS)[number];

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const days = v.picklist(OVERVIEW_DAYS);

/** What a run is doing, or how it ended, as its bar is coloured. */
export const RUN_LOOKS = ['running', 'waiting', 'completed', 'failed', 'stopped', 'cutOff'] as const;
export type RunLook = (typeof RUN_LOOKS)[number];

const laneSchema = v.object({
  sessionId: idSchema,
  title: text,
  agent: text,
  /** The status as the list of sessions shows it. */
  status: text,
  tokens: v.number(),
  costUsd: v.number(),
  runs: v.array(
    v.object({
      ordinal: count,
      look: v.picklist(RUN_LOOKS),
      startMs: v.number(),
      /** The overview's own time where the run goes on. */
      endMs: v.number(),
    }),
  ),
});
export type Lane = v.InferOutput<typeof laneSchema>;

const daySchema = v.object({
  /** `2026-03-02` in the page's time zone: the day on which the runs started. */
  day: text,
  agent: text,
  inputTokens: v.number(),
  outputTokens: v.number(),
  cachedTokens: v.number(),
  costUsd: v.number(),
});
export type DayUsage = v.InferOutput<typeof daySchema>;

const overviewSchema = v.object({
  days,
  /** The beginning of the time, or that of the first run in it. */
  fromMs: v.number(),
  nowMs: v.number(),
  /** Sessions that wait for a person, the longest wait first. */
  needsYou: v.array(
    v.object({
      sessionId: idSchema,
      title: text,
      status: text,
      /** What can be done about it from here. */
      action: v.optional(v.picklist(OVERVIEW_ACTIONS)),
    }),
  ),
  /** What runs now; and what ran in this time, by its status now. What a person ended is `stopped`, not `failed`. */
  counts: v.object({ running: count, completed: count, failed: count, stopped: count }),
  /** The latest activity first. */
  lanes: v.array(laneSchema),
  hiddenLanes: count,
  /** In order of day, then agent. */
  usage: v.array(daySchema),
});
export type Overview = v.InferOutput<typeof overviewSchema>;

/** What the page sends. */
export const overviewPageMessageSchema = v.variant('type', [
  /** `timeZone` is a name such as `Europe/Paris`: days are those of the reader. */
  v.object({ type: v.literal('ask'), days, timeZone: text }),
  v.object({ type: v.literal('open'), sessionId: idSchema }),
  v.object({ type: v.literal('act'), sessionId: idSchema, action: v.picklist(OVERVIEW_ACTIONS) }),
]);
export type OverviewPageMessage = v.InferOutput<typeof overviewPageMessageSchema>;

/** What the extension sends. */
export const overviewHostMessageSchema = v.variant('type', [
  v.object({ type: v.literal('overview'), overview: overviewSchema }),
  v.object({ type: v.literal('failure'), message: text }),
]);
export type OverviewHostMessage = v.InferOutput<typeof overviewHostMessageSchema>;

/** What the page keeps while it is hidden or the editor is closed. */
export const overviewStateSchema = v.object({ days });

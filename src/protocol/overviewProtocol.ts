/**
 * What the overview's page and the extension say to each other: the page asks for a stretch of time, again and again
 * while somebody looks, and the extension sends what it has. Both ends check what arrives with these schemas.
 */
import * as v from 'valibot';

/** Sessions that are drawn; the others are counted. */
export const MAX_LANES = 40;

/** What people can choose between: how far back the overview goes. */
export const OVERVIEW_DAYS = [1, 7, 30] as const;

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const id = v.pipe(v.string(), v.regex(/^[a-z2-7]{12}$/));
const days = v.picklist(OVERVIEW_DAYS);

/** How a run looks: what became of it, or what it is doing. */
export const RUN_LOOKS = {
  running: 'Running',
  waiting: 'Waits for you',
  completed: 'Completed',
  failed: 'Failed',
  stopped: 'Stopped',
  cutOff: 'Cut off',
} as const;
export type RunLook = keyof typeof RUN_LOOKS;

const laneSchema = v.object({
  sessionId: id,
  title: text,
  agent: text,
  /** The status as the list of sessions words it. */
  status: text,
  tokens: v.number(),
  costUsd: v.number(),
  runs: v.array(
    v.object({
      ordinal: count,
      look: v.picklist(['running', 'waiting', 'completed', 'failed', 'stopped', 'cutOff'] satisfies RunLook[]),
      startMs: v.number(),
      /** Of a run that goes on, the time of the overview. */
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
  fromMs: v.number(),
  nowMs: v.number(),
  /** Sessions that go on only when a person does something; the one that waits longest first. */
  needsYou: v.array(v.object({ sessionId: id, title: text, status: text })),
  /** Sessions that ran in this time, by what they are now. */
  counts: v.object({ running: count, completed: count, failed: count }),
  /** The ones that did something last, the latest first. */
  lanes: v.array(laneSchema),
  hiddenLanes: count,
  /** In order of day, then agent. */
  usage: v.array(daySchema),
});
export type Overview = v.InferOutput<typeof overviewSchema>;

/** What the page sends. */
export const overviewPageMessageSchema = v.variant('type', [
  /** The time zone is a name such as `Europe/Paris`: days are those of whoever looks. */
  v.object({ type: v.literal('ask'), days, timeZone: text }),
  v.object({ type: v.literal('open'), sessionId: id }),
]);
export type OverviewPageMessage = v.InferOutput<typeof overviewPageMessageSchema>;

/** What the extension sends. */
export const overviewHostMessageSchema = v.variant('type', [
  v.object({ type: v.literal('overview'), overview: overviewSchema }),
  v.object({ type: v.literal('failure'), message: text }),
]);
export type OverviewHostMessage = v.InferOutput<typeof overviewHostMessageSchema>;

/** What the page keeps over being hidden or the editor's end. */
export const overviewStateSchema = v.object({ days });

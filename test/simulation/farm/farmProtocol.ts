/** What the simulation and the processes of its hosts tell each other. */
import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const farmOptionsSchema = v.object({ hosts: v.array(v.string()) });

export const farmRequestSchema = v.variant('order', [
  /** Every run says something so often, all of them together. */
  v.object({ order: v.literal('speak'), eventsPerSecond: count }),
  /** Cuts the first hosts off, and lets them be reached again. */
  v.object({ order: v.literal('cut'), hosts: count }),
  v.object({ order: v.literal('comeBack') }),
  /** Ends all runs. */
  v.object({ order: v.literal('end') }),
  v.object({ order: v.literal('report') }),
  /** A report with all runs. */
  v.object({ order: v.literal('reportRuns') }),
]);
export type FarmRequest = v.InferOutput<typeof farmRequestSchema>;

const runDigestSchema = v.object({ runId: v.string(), events: count, sha256: v.string() });
export type RunDigest = v.InferOutput<typeof runDigestSchema>;

export const farmReportSchema = v.object({
  /** The port of this computer on which the hosts are reached. */
  port: count,
  connections: count,
  startedRuns: count,
  events: count,
  runs: v.exactOptional(v.array(runDigestSchema)),
});
export type FarmReport = v.InferOutput<typeof farmReportSchema>;

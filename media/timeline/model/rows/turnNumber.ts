import type { TimelineSession } from '../../../../src/protocol/timelineProtocol';

/** The number of a turn as people count it, through all runs of the session. Its event has its number in its run. */
export function turnNumber(
  session: Pick<TimelineSession, 'runs'> | undefined,
  { runId, data }: { runId: string; data: { turn: number } },
): number {
  const run = session?.runs.find((each) => each.runId === runId);
  return (run?.turnsBefore ?? 0) + data.turn;
}

/** Events of a session read from its journals, for as long as the index of its events is not open. */
import type { SessionEvent } from '../../storage/events';
import { eventId } from '../../storage/ids';
import { readJournalPage } from '../../storage/journal/journalPage';
import type { SessionPaths } from '../../storage/paths';
import type { SessionFacts } from '../../storage/sessionFacts';
import type { QueryParameters } from '../../storage/timelineQueries';

/** What the index would answer, or undefined where that cannot be told without it. */
export async function readJournalEvents(
  paths: SessionPaths,
  { sessionId, runs, damagedRecords }: SessionFacts,
  { runId, fromSeq, limit }: QueryParameters<'runEvents'>,
): Promise<SessionEvent[] | undefined> {
  const run = runs.find((candidate) => candidate.runId === runId);
  if (run === undefined || run.eventCount === 0) return undefined;
  // A doubled record counts as damaged, and of two runs with one ordinal the index gives one another.
  if (damagedRecords > 0 || run.ordinal === 0 || runs.some((other) => other !== run && other.ordinal === run.ordinal))
    return undefined;
  const query = { fromSeq, limit, eventCount: run.eventCount };
  const page = await readJournalPage(paths.run(runId).events, query).catch(() => undefined);
  return page?.map(({ seq, timestamp, draft }) => ({
    ...draft,
    id: eventId(run.ordinal, seq),
    sessionId,
    runId,
    seq,
    timestamp,
  }));
}

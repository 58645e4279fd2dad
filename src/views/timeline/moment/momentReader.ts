import type { EventPlace } from '../../../protocol/timelineProtocol';
import type { MomentFacts } from '../../../protocol/timelineProtocol';
import { NO_USAGE, plusUsage } from '../../../storage/events';
import type { SessionSummary } from '../../../supervisor/api';
import { MAX_EVENTS_PER_QUERY } from '../../../storage/timelineQueries';
import type { QueryResult } from '../../../storage/timelineQueries';
import type { TimelineSource } from '../timelineSource';

type PartFacts = QueryResult<'moment'>;

/** A snapshot and the event that recorded it. */
export interface PlacedSnapshot extends EventPlace {
  commit: string;
}

/** The last snapshot that was taken no later than an event; undefined where there is none. */
export async function snapshotAt(
  source: Pick<TimelineSource, 'getSession' | 'timeline'>,
  sessionId: string,
  place: EventPlace,
): Promise<PlacedSnapshot | undefined> {
  return (await readMoment(source, sessionId, place))?.snapshot;
}

/** The last event that is known; undefined where there is none. */
export function lastPlace({ runs }: Pick<SessionSummary, 'runs'>): EventPlace | undefined {
  const run = runs.findLast(({ eventCount }) => eventCount > 0);
  return run === undefined ? undefined : { runId: run.runId, seq: run.eventCount };
}

/** What is known of the session right after an event; undefined where the session has no such run. */
export async function readMoment(
  source: Pick<TimelineSource, 'getSession' | 'timeline'>,
  sessionId: string,
  { runId, seq }: EventPlace,
): Promise<MomentFacts | undefined> {
  const { runs } = await source.getSession(sessionId);
  const last = runs.findIndex((run) => run.runId === runId);
  if (last === -1) return undefined;
  const timeline = await source.timeline(sessionId);
  let facts: MomentFacts | undefined;
  for (const run of runs.slice(0, last + 1)) {
    const end = run.runId === runId ? seq : run.eventCount;
    facts = { ...(facts ?? NOTHING), ended: undefined, stopping: false, questions: 0 };
    for (let fromSeq = 1; fromSeq <= end; fromSeq += MAX_EVENTS_PER_QUERY) {
      const toSeq = Math.min(end, fromSeq + MAX_EVENTS_PER_QUERY - 1);
      facts = plus(facts, run.runId, await timeline.query('moment', { runId: run.runId, fromSeq, toSeq }));
    }
  }
  return facts;
}

const NOTHING: MomentFacts = {
  usage: NO_USAGE,
  questions: 0,
  edits: 0,
  stopping: false,
};

function plus(facts: MomentFacts, runId: string, part: PartFacts): MomentFacts {
  const { usage, context, snapshot, edits, model, ended, stopping, questions } = part;
  return {
    ...facts,
    usage: plusUsage(facts.usage, usage),
    questions: facts.questions + questions,
    edits: snapshot === undefined ? facts.edits + edits : edits,
    stopping: facts.stopping || stopping,
    ...(snapshot === undefined ? {} : { snapshot: { ...snapshot, runId } }),
    ...(model === undefined ? {} : { model }),
    ...(context === undefined ? {} : { context }),
    ...(ended === undefined ? {} : { ended }),
  };
}

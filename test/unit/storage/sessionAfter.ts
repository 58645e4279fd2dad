import type { DraftEvent } from '../../../src/storage/events';
import { emptySession, type SessionFacts } from '../../../src/storage/sessionFacts';
import { foldEvent } from '../../../src/storage/sessionReducer';

/** The session after these events of each of its runs. */
export function sessionAfter(...runs: DraftEvent[][]): SessionFacts {
  const facts = emptySession('s');
  runs.forEach((events, run) => {
    events.forEach((event, index) => {
      const [runId, seq] = [`run${run + 1}`, index + 1];
      foldEvent(facts, { ...event, id: seq, sessionId: 's', runId, seq, timestamp: '2026-03-01T08:00:00.000Z' });
    });
  });
  return facts;
}

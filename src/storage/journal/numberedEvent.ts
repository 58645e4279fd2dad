import type { DraftEvent, NumberedEvent } from '../events';
import { parseDraft } from '../events';
import type { JournalRecord } from './journalRecord';

/** A record that this version does not know becomes `output`, so that it can be seen. */
function draftOf({ kind, data }: JournalRecord): DraftEvent {
  return (
    parseDraft(kind, data) ?? { kind: 'output', data: { stream: 'stdout', text: `${kind} ${JSON.stringify(data)}` } }
  );
}

/** The event that a record of a run's journal tells. */
export function numberedEvent(record: JournalRecord): NumberedEvent {
  return { seq: record.seq, timestamp: record.timestamp, draft: draftOf(record) };
}

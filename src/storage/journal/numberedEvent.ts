import type { DraftEvent, NumberedEvent } from '../events';
import { parseDraft } from '../events';
import type { JournalRecord } from './journalRecord';

/** The event that a record of a run's journal tells. One that this version does not know becomes `output`. */
export function numberedEvent({ seq, timestamp, kind, data, json }: JournalRecord): NumberedEvent {
  const draft = parseDraft(kind, data);
  if (draft === undefined) return { seq, timestamp, draft: outputOf(kind, data) };
  return json === undefined ? { seq, timestamp, draft } : { seq, timestamp, draft, json };
}

function outputOf(kind: string, data: unknown): DraftEvent {
  return { kind: 'output', data: { stream: 'stdout', text: `${kind} ${JSON.stringify(data)}` } };
}

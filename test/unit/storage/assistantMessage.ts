import type { SessionEvent } from '../../../src/storage/events';

/** An event in which the agent says this. */
export function assistantMessage(text: string): SessionEvent {
  return {
    id: 1,
    sessionId: 'aaaaaaaaaaaa',
    runId: 'bbbbbbbbbbbb',
    seq: 1,
    timestamp: '2026-01-05T09:00:00.000Z',
    kind: 'message',
    data: { role: 'assistant', text },
  };
}

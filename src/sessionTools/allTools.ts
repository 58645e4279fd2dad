import { sendMessage, startSession, stopSession } from './changingTools';
import { listSessions, readSession, reviewChanges, searchHistory } from './readingTools';
import type { SessionTool } from './sessionTool';
import { waitFor } from './waitFor';

/** Every tool, in the order in which they are listed. */
export const SESSION_TOOLS: readonly SessionTool[] = [
  listSessions,
  readSession,
  searchHistory,
  reviewChanges,
  waitFor,
  startSession,
  sendMessage,
  stopSession,
];

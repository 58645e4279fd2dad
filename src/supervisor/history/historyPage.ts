import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import { EVENT_KINDS } from '../../storage/events';
import type { StoreIndex } from '../../storage/database/storeIndex';
import { MAX_EVENTS_PER_PAGE } from '../../storage/timelineQueries';
import type { HistoryPage } from '../api';

const DEFAULT_LIMIT = 200;

export interface HistoryPageQuery {
  runId?: string;
  /** The `next` of the page before. */
  after?: string;
  limit?: number;
  kinds?: string[];
}

/**
 * One page of a session's events over all its runs, in order of time.
 * @throws INVALID_ARGUMENT
 */
export async function readHistoryPage(
  index: StoreIndex,
  sessionId: string,
  query: HistoryPageQuery,
): Promise<HistoryPage> {
  const { runId, after, kinds, limit = DEFAULT_LIMIT } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_EVENTS_PER_PAGE)
    throw new CorralError(
      'INVALID_ARGUMENT',
      l10n.t('Ask for 1 to {most} events at a time.', { most: MAX_EVENTS_PER_PAGE }),
    );
  const afterId = after === undefined ? undefined : Number(after);
  if (afterId !== undefined && !Number.isSafeInteger(afterId))
    throw new CorralError('INVALID_ARGUMENT', l10n.t('Pass the “next” of the page before as “after”.'));
  const unknown = kinds?.find((kind) => !(EVENT_KINDS as readonly string[]).includes(kind));
  if (unknown !== undefined)
    throw new CorralError('INVALID_ARGUMENT', l10n.t('There is no kind of event “{kind}”.', { kind: unknown }));
  const events = await index.query(sessionId, 'history', { runId, afterId, kinds, limit });
  const last = events.at(-1);
  return last !== undefined && events.length === limit ? { events, next: String(last.id) } : { events };
}

import { CorralError } from '../../../storage/errors';
import type { CorralApi, SessionSummary } from '../../../supervisor/api';

/** Where more sessions changed than this, all are read in one go. */
const MAX_READ_SINGLY = 50;

export interface ReadSessions {
  sessions: SessionSummary[];
  /** Ids of those that were asked for and are no more; undefined where all sessions were read. */
  gone: string[] | undefined;
}

/** Reads the sessions with these ids, or all. */
export async function readSessions(
  source: Pick<CorralApi, 'listSessions' | 'getSession'>,
  ids: ReadonlySet<string> | undefined,
): Promise<ReadSessions> {
  if (ids === undefined || ids.size > MAX_READ_SINGLY)
    return { sessions: await source.listSessions(), gone: undefined };
  const read: ReadSessions & { gone: string[] } = { sessions: [], gone: [] };
  for (const id of ids) {
    const session = await source.getSession(id).catch((error: unknown) => {
      if (!(error instanceof CorralError) || error.code !== 'SESSION_NOT_FOUND') throw error;
      return undefined;
    });
    if (session === undefined) read.gone.push(id);
    else read.sessions.push(session);
  }
  return read;
}

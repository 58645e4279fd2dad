/** What an agent in a session may reach and start: never more than a person gave the session itself. */
import { CorralError } from '../storage/errors';
import { PERMISSION_MODES, type PermissionMode } from '../storage/sessionRecords';
import type { SessionRequest, SessionSummary } from '../supervisor/api';
import type { ToolCall } from './sessionTool';

/** A session that a person started is at depth 0. */
const MAX_DEPTH = 2;
/** With the session that a person started. */
const MAX_SESSIONS_IN_TREE = 8;

/** The sessions that the caller reaches: all for a person's own program, for a session itself and its descendants. */
export async function reachOf({ source, sessionId }: ToolCall): Promise<(id: string) => boolean> {
  if (sessionId === undefined) return () => true;
  const own = descendantsOf(sessionId, await source.listSessions());
  return (id) => own.has(id);
}

/** @throws SESSION_NOT_FOUND, also for a session that is there, of which the caller is not to know */
export async function requireReach(ids: readonly string[], call: ToolCall): Promise<void> {
  const reaches = await reachOf(call);
  const other = ids.find((id) => !reaches(id));
  if (other !== undefined)
    throw new CorralError(
      'SESSION_NOT_FOUND',
      `There is no session ${other} among yours: you reach only this session and those that it started.`,
    );
}

/**
 * The request of a session's agent, within what its own session may.
 * @throws INVALID_ARGUMENT CONFLICT
 */
export async function asChild(
  request: Omit<SessionRequest, 'startedBy'>,
  parentId: string,
  call: ToolCall,
): Promise<SessionRequest> {
  const sessions = (await call.source.listSessions()).filter(({ deleted }) => !deleted);
  const parent = await call.source.latestSession(parentId);
  if (request.repository !== parent.repository)
    throw new CorralError(
      'INVALID_ARGUMENT',
      `Sessions that you start work in your own repository, ${parent.repository}.`,
    );
  const line = ancestorsOf(parent, sessions);
  if (line.length >= MAX_DEPTH)
    throw new CorralError('CONFLICT', 'This session was itself started for a started session, so it can start none.');
  const root = line.at(-1) ?? parent;
  if (descendantsOf(root.id, sessions).size >= MAX_SESSIONS_IN_TREE)
    throw new CorralError(
      'CONFLICT',
      `There are ${String(MAX_SESSIONS_IN_TREE)} sessions in this tree, which is the most. Send messages to those that are there.`,
    );
  const permissionMode = lesser(request.permissionMode ?? parent.permissionMode, parent.permissionMode);
  const base = request.base ?? parent.baseCommit;
  return { ...request, permissionMode, base, startedBy: { sessionId: parentId } };
}

function lesser(one: PermissionMode, other: PermissionMode): PermissionMode {
  return PERMISSION_MODES[Math.min(PERMISSION_MODES.indexOf(one), PERMISSION_MODES.indexOf(other))] ?? 'ask';
}

/** From its parent up. */
function ancestorsOf(session: SessionSummary, sessions: readonly SessionSummary[]): SessionSummary[] {
  const line: SessionSummary[] = [];
  for (let child = session; line.length <= MAX_DEPTH;) {
    const parent = sessions.find(({ id }) => id === child.startedBy?.sessionId);
    if (parent === undefined) break;
    line.push(parent);
    child = parent;
  }
  return line;
}

/** With the session itself. */
function descendantsOf(id: string, sessions: readonly SessionSummary[]): ReadonlySet<string> {
  const found = new Set([id]);
  // A set that grows while it is walked gives what is added, too.
  for (const parent of found)
    for (const session of sessions) if (session.startedBy?.sessionId === parent) found.add(session.id);
  return found;
}

/** What an agent in a session may reach and start: never more than a person gave the session itself. */
import { CorralError } from '../storage/errors';
import { PERMISSION_MODES, type PermissionMode } from '../storage/sessionRecords';
import { ancestorsOf, descendantsOf } from '../storage/sessionTree';
import type { SessionRequest } from '../supervisor/api';
import type { ToolCall } from './sessionTool';

/** A session that a person started is at depth 0. */
const MAX_DEPTH = 2;
/** With the session that a person started. */
const MAX_SESSIONS_IN_TREE = 8;

/**
 * The sessions that the caller reaches: all for a person's own program; for a session itself and its descendants, or
 * all of its repository where a person allowed that.
 */
export async function reachOf({ source, sessionId }: ToolCall): Promise<(id: string) => boolean> {
  if (sessionId === undefined) return () => true;
  const { repository } = await source.latestSession(sessionId);
  const sessions = await source.listSessions();
  const reached = (await (await source.consents()).reachesAll(repository))
    ? new Set(sessions.filter((session) => session.repository === repository).map(({ id }) => id))
    : descendantsOf(sessionId, sessions);
  return (id) => reached.has(id);
}

/** @throws SESSION_NOT_FOUND, also for a session that is there, of which the caller is not to know */
export async function requireReach(ids: readonly string[], call: ToolCall): Promise<void> {
  const reaches = await reachOf(call);
  const other = ids.find((id) => !reaches(id));
  if (other !== undefined)
    throw new CorralError(
      'SESSION_NOT_FOUND',
      `There is no session ${other} among yours: you reach only this session and those that it started. To allow more, a person runs the command “Corral: Allow Agents to Start Sessions…”.`,
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
  const known = new Map(sessions.map((session) => [session.id, session]));
  const line = ancestorsOf(parentId, (id) => known.get(id)?.startedBy);
  if (line.length >= MAX_DEPTH)
    throw new CorralError('CONFLICT', 'This session was itself started for a started session, so it can start none.');
  const tree = descendantsOf(line.at(-1) ?? parentId, sessions);
  if ([...tree].filter((id) => known.has(id)).length >= MAX_SESSIONS_IN_TREE)
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

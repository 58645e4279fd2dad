import { oneLine } from '../common/oneLine';
import type { SessionSummary } from '../supervisor/api';

const MAX_PROMPT_CHARACTERS = 400;

/** What Corral itself knows of a session. */
export function factsOf(session: SessionSummary): Record<string, unknown> {
  const { id, agent, repository, status, state, needsInput, createdAt, lastActivityAt, currentRunId } = session;
  const { changes, queuePosition, restored, unreachable, archived, deleted, dependsOn, permissionMode } = session;
  const parent = session.startedBy?.sessionId;
  return {
    id,
    agent,
    repository,
    status,
    state,
    needsInput,
    permissionMode,
    createdAt,
    lastActivityAt,
    currentRunId,
    changes,
    queuePosition,
    dependsOn,
    parent,
    ...(restored ? { restored } : {}),
    ...(unreachable === undefined ? {} : { unreachable }),
    ...(archived ? { archived } : {}),
    ...(deleted ? { deleted } : {}),
  };
}

/** What others say of it: title, task, what it waits for, and how it failed. */
export function wordsOf(session: SessionSummary): string {
  const { id, title, prompt, heldBy, failureReason, escape, pendingPermissions } = session;
  return [
    `Session ${id}: ${oneLine(title)}`,
    `  Task: ${oneLine(prompt, MAX_PROMPT_CHARACTERS)}`,
    ...(heldBy === undefined ? [] : [`  Held by: ${oneLine(heldBy)}`]),
    ...(failureReason === undefined ? [] : [`  Failed: ${oneLine(failureReason)}`]),
    ...(escape === undefined ? [] : [`  Outside its worktree: ${oneLine(escape)}`]),
    ...pendingPermissions.map((asked) => `  Asks a person: ${oneLine(asked.title)}`),
  ].join('\n');
}

/** True where nothing more comes of the session by itself: it has ended, or waits for a person. */
export function isAtRest({ status, needsInput, restored, checking }: SessionSummary): boolean {
  if (checking) return false;
  return status === 'Completed' || status === 'Failed' || needsInput || restored;
}

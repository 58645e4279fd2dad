/** Codex's requests for approval: of a command, or of changes to files. */
import * as v from 'valibot';
import type { PermissionOption } from '../../../storage/events';
import type { PermissionQuestion } from '../driver/permissionRequests';
import { lenient, text } from '../driver/schemas';
import type { CodexCall, CodexChange } from './codexMessages';
import { displayPath } from '../driver/displayPath';
import { withoutShell } from './shellCommand';

/**
 * Codex accepts these for every request. The rules for a command that it proposes as well are left out: they would be
 * written into the user's own settings.
 */
const OPTIONS: readonly PermissionOption[] = [
  { optionId: 'accept', name: 'Allow', kind: 'allow_once' },
  { optionId: 'acceptForSession', name: 'Always allow in this session', kind: 'allow_always' },
  { optionId: 'decline', name: 'Deny', kind: 'reject_once' },
  { optionId: 'cancel', name: 'Deny and end the turn', kind: 'reject_once' },
];

const METHODS = ['item/commandExecution/requestApproval', 'item/fileChange/requestApproval'];
const paramsSchema = v.looseObject({ itemId: text, reason: lenient(text), command: lenient(text), cwd: lenient(text) });
/** What else is in a request that asks for nothing beyond the command or the changes. */
const QUIET_FIELDS: ReadonlySet<string> = new Set([
  ...['itemId', 'reason', 'command', 'cwd', 'kind', 'threadId', 'turnId', 'startedAtMs', 'environmentId', 'approvalId'],
  ...['commandActions', 'proposedExecpolicyAmendment', 'availableDecisions'],
]);

export type CodexApproval = v.InferOutput<typeof paramsSchema>;

/** Undefined where a request of Codex is not for an approval. */
export function parseApproval(method: string, params: unknown): CodexApproval | undefined {
  const parsed = v.safeParse(paramsSchema, params);
  return METHODS.includes(method) && parsed.success ? parsed.output : undefined;
}

/** `call` is the one that needs the approval, where Codex has reported it. */
export function permissionRequestOf(
  requestId: string,
  approval: CodexApproval,
  call: CodexCall | undefined,
  cwd: string,
): PermissionQuestion {
  const { itemId: callId, command, cwd: ownCwd = cwd, reason, ...others } = approval;
  const isKnown = Object.entries(others).every(([name, value]) => value === null || QUIET_FIELDS.has(name));
  const changes = call?.type === 'fileChange' ? call.changes : undefined;
  const input = {
    ...(command ? { command } : {}),
    ...(ownCwd === cwd ? {} : { cwd: ownCwd }),
    ...(changes === undefined ? {} : { changes }),
    ...(reason ? { reason } : {}),
    // Whatever else an answer would allow has to be read.
    ...(isKnown ? {} : others),
  };
  const title = command ? withoutShell(command) : changes === undefined ? 'Change files' : editTitle(changes, cwd);
  const isWhole = isKnown && ownCwd === cwd && (Boolean(command) || changes !== undefined);
  return { requestId, title, isWhole, callId, input, options: [...OPTIONS] };
}

function editTitle(changes: readonly CodexChange[], cwd: string): string {
  const paths = changes.flatMap(({ path, kind }) =>
    kind.type === 'update' && kind.move_path ? [path, kind.move_path] : [path],
  );
  return `Edit ${paths.map((path) => displayPath(path, [cwd])).join(', ')}`;
}

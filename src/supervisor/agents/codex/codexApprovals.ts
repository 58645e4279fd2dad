/** Codex's requests for approval: of a command, or of changes to files. */
import * as v from 'valibot';
import type { EventData, PermissionOption } from '../../../storage/events';
import { lenient, text } from '../driver/schemas';
import type { CodexCall } from './codexMessages';
import { callOf, commandTitle } from './codexTools';

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
const paramsSchema = v.object({
  itemId: text,
  reason: lenient(text),
  command: lenient(text),
  commandActions: lenient(v.array(v.object({ type: text, command: text }))),
});

export type CodexApproval = v.InferOutput<typeof paramsSchema>;

/** Undefined where a request of Codex is not for an approval. */
export function parseApproval(method: string, params: unknown): CodexApproval | undefined {
  const parsed = v.safeParse(paramsSchema, params);
  return METHODS.includes(method) && parsed.success ? parsed.output : undefined;
}

/** `call` is the one that needs the approval, where Codex has reported it. */
export function permissionRequestOf(
  requestId: string,
  { itemId: callId, command, commandActions, reason }: CodexApproval,
  call: CodexCall | undefined,
  cwd: string,
): EventData<'permission.request'> {
  const title = command
    ? commandTitle({ command, commandActions })
    : call === undefined
      ? 'Change files'
      : callOf(call, cwd).title;
  const input = {
    ...(command ? { command } : {}),
    ...(call?.type === 'fileChange' ? { changes: call.changes } : {}),
    ...(reason ? { reason } : {}),
  };
  return { requestId, title, callId, input, options: [...OPTIONS] };
}

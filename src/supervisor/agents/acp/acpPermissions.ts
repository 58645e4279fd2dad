import type { RequestPermissionResponse } from '@agentclientprotocol/sdk';
import type { PermissionOption } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';
import type { ConversationHost } from '../driver/driver';
import type { JsonRpcPeer, RpcId } from '../driver/jsonRpc';
import { PermissionRequests } from '../driver/permissionRequests';
import type { AcpPermissionRequest } from './acpMessages';
import type { AcpToolCalls } from './acpToolCalls';

/** The agent's permission requests that wait for an answer. Corral answers those that the permission mode allows. */
export class AcpPermissions {
  readonly #host: ConversationHost;
  readonly #peer: JsonRpcPeer;
  readonly #toolCalls: AcpToolCalls;
  readonly #mode: PermissionMode;
  readonly #requests: PermissionRequests<{ id: RpcId; request: AcpPermissionRequest }>;

  constructor(host: ConversationHost, peer: JsonRpcPeer, toolCalls: AcpToolCalls, mode: PermissionMode) {
    this.#host = host;
    this.#peer = peer;
    this.#toolCalls = toolCalls;
    this.#mode = mode;
    this.#requests = new PermissionRequests((event) => host.emit(event));
  }

  read(id: RpcId, request: AcpPermissionRequest): void {
    const requestId = String(id);
    const { title, isWhole, name, input } = this.#toolCalls.describe(request.toolCall);
    const options = request.options.map(readableOption);
    this.#requests.add(
      { requestId, title, isWhole, toolName: name, input, callId: request.toolCall.toolCallId, options },
      { id, request },
    );
    // Not every agent can be told what it may do without asking.
    if (this.#mode === 'all' || (this.#mode === 'edits' && this.#toolCalls.isWorktreeEdit(request.toolCall)))
      this.#allow(requestId, request);
  }

  /** False where no such request or option exists. */
  answer(requestId: string, optionId: string): boolean {
    const waiting = this.#requests.get(requestId);
    const option = waiting?.request.options.find((candidate) => candidate.optionId === optionId);
    if (waiting === undefined || option === undefined) return false;
    this.#requests.delete(requestId);
    if (option.kind.startsWith('reject')) this.#toolCalls.deny(waiting.request.toolCall.toolCallId);
    this.#respond(waiting.id, { outcome: { outcome: 'selected', optionId } });
    return true;
  }

  /** Without a response a cancelled turn would never end. */
  withdrawAll(): void {
    for (const { id } of this.#requests.withdrawAll()) this.#respond(id, { outcome: { outcome: 'cancelled' } });
  }

  #allow(requestId: string, { options }: AcpPermissionRequest): void {
    const option =
      options.find(({ kind }) => kind === 'allow_once') ?? options.find(({ kind }) => kind === 'allow_always');
    if (option === undefined) return;
    const { optionId } = option;
    this.#host.emit({ kind: 'permission.answer', data: { requestId, outcome: 'allowed', optionId } });
    this.answer(requestId, optionId);
  }

  #respond(id: RpcId, response: RequestPermissionResponse): void {
    this.#peer.respond(id, response);
  }
}

const OPTION_NAMES: Record<PermissionOption['kind'], string> = {
  allow_once: 'Allow',
  allow_always: 'Always allow',
  reject_once: 'Deny',
  reject_always: 'Always deny',
};

/** Some agents give their options identifiers instead of names. */
function readableOption(option: PermissionOption): PermissionOption {
  return /^[a-z]+(_[a-z]+)+$/.test(option.name) ? { ...option, name: OPTION_NAMES[option.kind] } : option;
}

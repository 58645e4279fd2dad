import type { RequestPermissionResponse } from '@agentclientprotocol/sdk';
import type { PermissionOption } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';
import type { ConversationHost, ConversationRequest } from '../driver/driver';
import type { JsonRpcPeer, RpcId } from '../driver/jsonRpc';
import { PermissionRequests } from '../driver/permissionRequests';
import { areWorktreeEdits } from '../driver/permissions/worktreeEdits';
import type { AcpPermissionRequest } from './acpMessages';
import type { AcpToolCalls } from './acpToolCalls';

/** The agent's permission requests that wait for an answer. Corral answers those that the permission mode allows. */
export class AcpPermissions {
  readonly #host: ConversationHost;
  readonly #peer: JsonRpcPeer;
  readonly #toolCalls: AcpToolCalls;
  readonly #mode: PermissionMode;
  readonly #cwd: string;
  readonly #worktree: string;
  readonly #requests: PermissionRequests<{ id: RpcId; request: AcpPermissionRequest }>;
  /** Requests whose paths are still looked at. */
  readonly #unasked = new Set<RpcId>();

  constructor(
    host: ConversationHost,
    peer: JsonRpcPeer,
    toolCalls: AcpToolCalls,
    { permissionMode, cwd, worktreePath = cwd }: ConversationRequest,
  ) {
    this.#host = host;
    this.#peer = peer;
    this.#toolCalls = toolCalls;
    this.#mode = permissionMode;
    this.#cwd = cwd;
    this.#worktree = worktreePath;
    this.#requests = new PermissionRequests((event) => host.emit(event));
  }

  /** Not every agent can be told what it may do without asking: some questions are answered here. */
  read(id: RpcId, request: AcpPermissionRequest): void {
    const question = this.#toolCalls.describe(request.toolCall);
    const ask = (allowing: PermissionOption | undefined): void => this.#ask(id, request, question, allowing);
    const once = request.options.find(({ kind }) => kind === 'allow_once');
    if (this.#mode === 'all') return ask(once ?? request.options.find(({ kind }) => kind === 'allow_always'));
    const paths = this.#mode === 'edits' ? this.#toolCalls.editedPaths(request.toolCall) : undefined;
    if (paths === undefined || once === undefined) return ask(undefined);
    // Asked only when it is known who answers, so that nobody is called for nothing.
    this.#unasked.add(id);
    void areWorktreeEdits(paths, this.#cwd, this.#worktree).then((isAllowed) => {
      if (this.#unasked.delete(id)) ask(isAllowed ? once : undefined);
    });
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
    const withdrawn = this.#requests.withdrawAll().map(({ id }) => id);
    for (const id of [...this.#unasked, ...withdrawn]) this.#respond(id, { outcome: { outcome: 'cancelled' } });
    this.#unasked.clear();
  }

  /** `allowing` is the option that Corral answers with; undefined where a person has to. */
  #ask(
    id: RpcId,
    request: AcpPermissionRequest,
    { title, isWhole, name, input }: ReturnType<AcpToolCalls['describe']>,
    allowing: PermissionOption | undefined,
  ): void {
    const requestId = String(id);
    const callId = request.toolCall.toolCallId;
    const options = request.options.map(readableOption);
    this.#requests.add({ requestId, title, isWhole, toolName: name, input, callId, options }, { id, request });
    if (allowing === undefined) return;
    const { optionId } = allowing;
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
const REFUSING_WORD = /\b(no|not|deny|reject|refuse|decline|cancel|never)\b/i;
const ALLOWING_WORD = /^\W*(yes|ok|allow|accept|approve|always allow|proceed)\b/i;

/** Some agents give their options identifiers instead of names. A name that says the opposite is replaced too. */
function readableOption(option: PermissionOption): PermissionOption {
  const { name, kind } = option;
  const misleads = kind.startsWith('allow')
    ? REFUSING_WORD.test(name) && !ALLOWING_WORD.test(name)
    : ALLOWING_WORD.test(name);
  return misleads || /^[a-z]+(_[a-z]+)+$/.test(name) ? { ...option, name: OPTION_NAMES[kind] } : option;
}

/** The way to an agent's session: what it is, a session new or taken up again, its mode and model; only then may it be prompted. */
import type { InitializeRequest, NewSessionRequest } from '@agentclientprotocol/sdk';
import * as v from 'valibot';
import type { AcpAgent, AcpSession } from './acpMessages';
import { initializeResultSchema, sessionResultSchema } from './acpMessages';
import type { AcpQuirks } from './acpQuirks';
import type { ConversationHost, ConversationRequest } from '../driver/driver';
import type { JsonRpcPeer } from '../driver/jsonRpc';
import { describeRpcError } from '../driver/jsonRpc';

export const ACP_BACKEND_TYPE = 'acp';
const PROTOCOL_VERSION = 1 satisfies InitializeRequest['protocolVersion'];

interface Setting {
  method: 'session/set_mode' | 'session/set_config_option';
  params: Record<string, string>;
}

/** Calls `opened` with the session's id, or `failed` with a sentence for people and what was asked for. */
export function openAcpSession(
  { cwd, resumes, permissionMode, model }: ConversationRequest,
  peer: JsonRpcPeer,
  host: ConversationHost,
  quirks: AcpQuirks,
  on: { opened: (sessionId: string) => void; failed: (message: string, method: string) => void },
): void {
  function ask<S extends v.GenericSchema>(
    method: string,
    params: object,
    schema: S,
    take: (result: v.InferOutput<S>) => void,
  ): void {
    peer.request(method, params, (outcome) => {
      const result = 'error' in outcome ? undefined : v.safeParse(schema, outcome.result);
      if (result?.success) return take(result.output);
      const reason =
        'error' in outcome
          ? describeRpcError(outcome.error)
          : `it answered ${method} with something else than expected`;
      on.failed(`The agent could not begin: ${reason}`, method);
    });
  }

  function open(agent: AcpAgent): void {
    const place: NewSessionRequest = { cwd, mcpServers: [] };
    const resume = (method: string, sessionId: string): void =>
      ask(method, { ...place, sessionId }, v.nullish(sessionResultSchema), (session) =>
        enter(agent, { ...session, sessionId }),
      );
    if (resumes !== undefined && agent.agentCapabilities?.sessionCapabilities?.resume)
      return resume('session/resume', resumes);
    if (resumes !== undefined && agent.agentCapabilities?.loadSession && !quirks.cannotLoad)
      return resume('session/load', resumes);
    if (resumes !== undefined) {
      const text =
        'This agent cannot take up its earlier session. It starts anew in the same worktree, and knows nothing of what was said before.';
      host.emit({ kind: 'message', data: { role: 'system', text } });
    }
    ask('session/new', place, v.required(sessionResultSchema, ['sessionId']), (session) => enter(agent, session));
  }

  function enter({ agentInfo }: AcpAgent, { sessionId = '', modes, configOptions }: AcpSession): void {
    const modelOption = configOptions?.find((option) => option.category === 'model');
    const wantedMode = quirks.modes?.[permissionMode];
    const isOffered = modes?.availableModes.some(({ id }) => id === wantedMode) === true;
    const settings: Setting[] = [];
    if (wantedMode !== undefined && isOffered && modes.currentModeId !== wantedMode) {
      settings.push({ method: 'session/set_mode', params: { modeId: wantedMode } });
    }
    if (model !== undefined && modelOption !== undefined) {
      settings.push({ method: 'session/set_config_option', params: { configId: modelOption.id, value: model } });
    }
    const currentModel = model ?? modelOption?.currentValue;
    const currentMode = isOffered ? wantedMode : modes?.currentModeId;
    host.emit({
      kind: 'agent.session',
      data: {
        nativeSessionId: sessionId,
        backendType: ACP_BACKEND_TYPE,
        ...(typeof currentModel === 'string' ? { model: currentModel } : {}),
        ...(agentInfo?.version ? { version: agentInfo.version } : {}),
        ...(currentMode === undefined ? {} : { permissionMode: currentMode }),
      },
    });
    configure(sessionId, settings);
  }

  /** One after the other: in another mode than the one that was asked for, nothing may run. */
  function configure(sessionId: string, [setting, ...rest]: readonly Setting[]): void {
    if (setting === undefined) return on.opened(sessionId);
    ask(setting.method, { sessionId, ...setting.params }, v.unknown(), () => configure(sessionId, rest));
  }

  const request: InitializeRequest = {
    protocolVersion: PROTOCOL_VERSION,
    // It works on the worktree itself: nothing here holds unsaved text or runs its commands.
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: 'corral', version: '0' },
  };
  ask('initialize', request, initializeResultSchema, open);
}

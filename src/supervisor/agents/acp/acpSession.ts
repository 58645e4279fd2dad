/** Opens the agent's session: new or resumed, in the wanted mode and with the wanted model. */
import type { InitializeRequest, NewSessionRequest, PromptCapabilities } from '@agentclientprotocol/sdk';
import * as v from 'valibot';
import type { ToldOffers } from '../../../storage/agentOffers';
import type { ConversationHost, ConversationRequest, McpServerEntry } from '../driver/driver';
import type { JsonRpcPeer } from '../driver/jsonRpc';
import type { AcpAgent, AcpConfigOption, AcpSession } from './acpMessages';
import { initializeResultSchema, sessionResultSchema } from './acpMessages';
import type { AcpProfile } from './acpProfiles';

export const ACP_BACKEND_TYPE = 'acp';
const PROTOCOL_VERSION = 1 satisfies InitializeRequest['protocolVersion'];

interface Setting {
  method: 'session/set_mode' | 'session/set_config_option' | 'session/set_model';
  params: Record<string, string>;
}

/** Calls `onOpened` with the session's id once the agent takes prompts, or `onFailure` with the request that failed. */
export function openAcpSession(
  { cwd, resumes, permissionMode, model, mcpServer }: ConversationRequest,
  peer: JsonRpcPeer,
  host: ConversationHost,
  profile: AcpProfile,
  onOpened: (sessionId: string, capabilities: PromptCapabilities) => void,
  onFailure: (reason: string, method: string) => void,
): void {
  function request<S extends v.GenericSchema>(
    method: string,
    params: object,
    schema: S,
    onResult: (result: v.InferOutput<S>) => void,
  ): void {
    peer.requestParsed(method, params, schema, onResult, (reason) => onFailure(reason, method));
  }

  function openSession(agent: AcpAgent): void {
    const newSession: NewSessionRequest = { cwd, mcpServers: mcpServer === undefined ? [] : [acpServer(mcpServer)] };
    const resume = (method: string, sessionId: string): void =>
      request(method, { ...newSession, sessionId }, v.nullish(sessionResultSchema), (session) =>
        configureSession(agent, { ...session, sessionId }),
      );
    if (resumes !== undefined && agent.agentCapabilities?.sessionCapabilities?.resume)
      return resume('session/resume', resumes);
    if (resumes !== undefined && agent.agentCapabilities?.loadSession && !profile.cannotLoad)
      return resume('session/load', resumes);
    if (resumes !== undefined) {
      const text =
        'This agent cannot take up its earlier session. It starts anew in the same worktree, and knows nothing of what was said before.';
      host.emit({ kind: 'message', data: { role: 'system', text } });
    }
    request('session/new', newSession, v.required(sessionResultSchema, ['sessionId']), (session) =>
      configureSession(agent, session),
    );
  }

  function configureSession(
    { agentInfo, agentCapabilities }: AcpAgent,
    { sessionId = '', modes, configOptions, models }: AcpSession,
  ): void {
    const modelOption = configOptions?.find((option) => option.category === 'model');
    const wantedMode = profile.modes?.[permissionMode];
    const isOffered = modes?.availableModes.some(({ id }) => id === wantedMode) === true;
    const settings: Setting[] = [];
    if (wantedMode !== undefined && isOffered && modes.currentModeId !== wantedMode)
      settings.push({ method: 'session/set_mode', params: { modeId: wantedMode } });
    if (model !== undefined && modelOption !== undefined)
      settings.push({ method: 'session/set_config_option', params: { configId: modelOption.id, value: model } });
    else if (model !== undefined && models?.availableModels.some(({ modelId }) => modelId === model))
      settings.push({ method: 'session/set_model', params: { modelId: model } });
    host.offer({ models: modelsOf(modelOption, models) });
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
    const { image, embeddedContext } = agentCapabilities?.promptCapabilities ?? {};
    applySettings(sessionId, settings, { image: image === true, embeddedContext: embeddedContext === true });
  }

  /** Applies one setting after the other. Where one fails there is no turn: it would run in another permission mode. */
  function applySettings(
    sessionId: string,
    [setting, ...rest]: readonly Setting[],
    capabilities: PromptCapabilities,
  ): void {
    if (setting === undefined) return onOpened(sessionId, capabilities);
    request(setting.method, { sessionId, ...setting.params }, v.unknown(), () =>
      applySettings(sessionId, rest, capabilities),
    );
  }

  const initialize: InitializeRequest = {
    protocolVersion: PROTOCOL_VERSION,
    // The agent works on the worktree itself: Corral holds no unsaved text and runs no commands for it.
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: 'corral', version: '0' },
  };
  request('initialize', initialize, initializeResultSchema, openSession);
}

/** The models of the option that chooses them, else those that the agent lists; undefined where it tells none. */
function modelsOf(option: AcpConfigOption | undefined, models: AcpSession['models']): ToldOffers['models'] {
  return (
    option?.options
      ?.flatMap((each) => ('options' in each ? each.options : [each]))
      .map(({ value, ...texts }) => ({ id: value, ...texts })) ??
    models?.availableModels.map(({ modelId, ...texts }) => ({ id: modelId, ...texts }))
  );
}

function acpServer({ env, ...server }: McpServerEntry): NewSessionRequest['mcpServers'][number] {
  return { ...server, env: Object.entries(env).map(([name, value]) => ({ name, value })) };
}

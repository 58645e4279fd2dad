/** Opens the agent's session: new or resumed, in the wanted mode and with the wanted model. */
import type { InitializeRequest, NewSessionRequest, PromptCapabilities } from '@agentclientprotocol/sdk';
import type { ForkSessionRequest } from '@agentclientprotocol/sdk/unstable';
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
  { cwd, resumes, permissionMode, model, mcpServer, aside }: ConversationRequest,
  peer: JsonRpcPeer,
  host: ConversationHost,
  profile: AcpProfile,
  onOpened: (sessionId: string, capabilities: PromptCapabilities, isFork: boolean) => void,
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
    const newSession: NewSessionRequest = {
      cwd,
      mcpServers: mcpServer === undefined ? [] : [acpServer(mcpServer)],
      ...(aside === undefined || profile.aside?.meta === undefined ? {} : { _meta: profile.aside.meta }),
    };
    const open = (method: string, params: NewSessionRequest | ForkSessionRequest): void =>
      request(method, params, v.required(sessionResultSchema, ['sessionId']), (session) =>
        configureSession(agent, session, method === 'session/fork'),
      );
    if (aside !== undefined) {
      return resumes !== undefined && agent.agentCapabilities?.sessionCapabilities?.fork
        ? open('session/fork', { ...newSession, sessionId: resumes })
        : open('session/new', newSession);
    }
    const resume = (method: string, sessionId: string): void =>
      request(method, { ...newSession, sessionId }, v.nullish(sessionResultSchema), (session) =>
        configureSession(agent, { ...session, sessionId }, false),
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
    open('session/new', newSession);
  }

  function configureSession(
    { agentInfo, agentCapabilities }: AcpAgent,
    { sessionId = '', modes, configOptions, models }: AcpSession,
    isFork: boolean,
  ): void {
    const modelOption = configOptions?.find((option) => option.category === 'model');
    const modeOption = configOptions?.find((option) => option.category === 'mode');
    const wantedMode = aside === undefined ? profile.modes?.[permissionMode] : profile.aside?.mode;
    const isOffered = modes?.availableModes.some(({ id }) => id === wantedMode) === true;
    const settings: Setting[] = [];
    if (wantedMode !== undefined && isOffered) {
      if (modes.currentModeId !== wantedMode)
        settings.push({ method: 'session/set_mode', params: { modeId: wantedMode } });
    } else if (aside !== undefined) {
      if (wantedMode === undefined || !valuesOf(modeOption).some(({ value }) => value === wantedMode))
        return onFailure('it offers no mode in which it only reads', 'session/set_mode');
      if (modeOption !== undefined && modeOption.currentValue !== wantedMode)
        settings.push({ method: 'session/set_config_option', params: { configId: modeOption.id, value: wantedMode } });
    }
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
    const prompts = { image: image === true, embeddedContext: embeddedContext === true };
    applySettings(settings, sessionId, () => onOpened(sessionId, prompts, isFork));
  }

  /** Applies one setting after the other. Where one fails there is no turn: it would run in another permission mode. */
  function applySettings([setting, ...rest]: readonly Setting[], sessionId: string, onApplied: () => void): void {
    if (setting === undefined) return onApplied();
    request(setting.method, { sessionId, ...setting.params }, v.unknown(), () =>
      applySettings(rest, sessionId, onApplied),
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
  return option?.options
    ? valuesOf(option).map(({ value, ...texts }) => ({ id: value, ...texts }))
    : models?.availableModels.map(({ modelId, ...texts }) => ({ id: modelId, ...texts }));
}

function valuesOf(option: AcpConfigOption | undefined) {
  return option?.options?.flatMap((each) => ('options' in each ? each.options : [each])) ?? [];
}

function acpServer({ env, ...server }: McpServerEntry): NewSessionRequest['mcpServers'][number] {
  return { ...server, env: Object.entries(env).map(([name, value]) => ({ name, value })) };
}

import * as v from 'valibot';
import type { ToldOffers } from '../../../storage/agentOffers';
import type { EventData } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';
import type { ConversationRequest } from '../driver/driver';
import { ASIDE_INSTRUCTIONS } from '../driver/userMessages';
import type { JsonRpcPeer } from '../driver/jsonRpc';
import { lenient, text } from '../driver/schemas';

export const CODEX_BACKEND_TYPE = 'codex';

/** In `edits`, whatever the sandbox allows needs no approval: edits in the worktree, and commands that stay in it. */
const MODES: Record<PermissionMode, { approvalPolicy: string; sandbox: string }> = {
  ask: { approvalPolicy: 'untrusted', sandbox: 'workspace-write' },
  edits: { approvalPolicy: 'on-request', sandbox: 'workspace-write' },
  all: { approvalPolicy: 'never', sandbox: 'danger-full-access' },
};

const initializedSchema = v.object({ userAgent: lenient(text) });
const threadSchema = v.object({ thread: v.object({ id: text }), model: lenient(text) });
const modelsSchema = v.object({
  data: v.array(
    v.object({
      model: text,
      displayName: lenient(text),
      description: lenient(text),
      hidden: lenient(v.boolean()),
      isDefault: lenient(v.boolean()),
    }),
  ),
});

/** Initializes the connection. `onReady` gets the app server's version where it reports one. */
export function initializeCodex(
  peer: JsonRpcPeer,
  onReady: (version: string | undefined) => void,
  onFailure: (reason: string, method: string) => void,
): void {
  const clientInfo = { name: 'corral', title: 'Corral', version: '0' };
  peer.requestParsed(
    'initialize',
    { clientInfo, capabilities: null },
    initializedSchema,
    ({ userAgent }) => {
      peer.notify('initialized');
      onReady(/\/(\d[\w.-]*)/.exec(userAgent ?? '')?.[1]);
    },
    (reason) => onFailure(reason, 'initialize'),
  );
}

/** Only the first page of the models: those that Codex recommends. */
export function askForCodexModels(peer: JsonRpcPeer, onModels: (models: ToldOffers['models']) => void): void {
  peer.requestParsed(
    'model/list',
    {},
    modelsSchema,
    ({ data }) =>
      onModels(
        data
          .filter(({ hidden }) => hidden !== true)
          .map(({ model, displayName, ...rest }) => ({ id: model, name: displayName, ...rest })),
      ),
    () => undefined, // an older version has no list
  );
}

/** A copy that is never saved, can only read, asks nobody and has no servers of its own. */
const ASIDE_SETTINGS = {
  ...{ approvalPolicy: 'never', sandbox: 'read-only', ephemeral: true },
  developerInstructions: ASIDE_INSTRUCTIONS,
  config: { mcp_servers: {} },
};

/** Starts or resumes the run's thread, which can get messages only then. */
export function openCodexThread(
  { cwd, permissionMode, model: wantedModel, resumes, aside }: ConversationRequest,
  peer: JsonRpcPeer,
  onOpened: (session: EventData<'agent.session'>) => void,
  onFailure: (reason: string, method: string) => void,
): void {
  const mode = aside === undefined ? MODES[permissionMode] : ASIDE_SETTINGS;
  const settings = { cwd, ...mode, ...(wantedModel === undefined ? {} : { model: wantedModel }) };
  const [method, params] =
    resumes === undefined
      ? ['thread/start', settings]
      : [aside === undefined ? 'thread/resume' : 'thread/fork', { threadId: resumes, excludeTurns: true, ...settings }];
  initializeCodex(
    peer,
    (version) =>
      peer.requestParsed(
        method,
        params,
        threadSchema,
        ({ thread, model }) =>
          onOpened({
            nativeSessionId: thread.id,
            backendType: CODEX_BACKEND_TYPE,
            ...(model ? { model } : {}),
            ...(version === undefined ? {} : { version }),
            permissionMode: settings.approvalPolicy,
          }),
        (reason) => onFailure(reason, method),
      ),
    onFailure,
  );
}

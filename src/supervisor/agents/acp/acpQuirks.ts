/** What the agents that speak the Agent Client Protocol do each in their own way: measured, and kept as data. */
import type { ToolCategory } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';
import { programNames } from '../driver/programNames';

export interface AcpQuirks {
  /** What makes its program go on with a session in a terminal. */
  terminal?: (nativeSessionId: string) => string[];
  /** Corral's mode → the agent's. Absent: the agent has no modes in this protocol. */
  modes?: Readonly<Record<PermissionMode, string>>;
  /** Variables that it needs, for Corral's mode and the model. */
  environment?: (mode: PermissionMode, model: string | undefined) => Record<string, string>;
  /** Arguments after its own. */
  modelArgument?: (model: string) => string;
  /** A message of the agent that begins like this is its report of a failure, though the turn ends like any other. */
  errorText?: string;
  /** It says that it can load a session, and then cannot. */
  cannotLoad?: true;
  /** It stays when its input is closed. */
  ignoresEndOfInput?: true;
  /** Categories of tools, where the agent tells none. */
  categories?: Readonly<Record<string, ToolCategory>>;
}

const NONE: AcpQuirks = {};

export const GOOSE_ERROR_TEXT = 'Ran into this error: ';
export const GOOSE_CATEGORIES: Readonly<Record<string, ToolCategory>> = {
  shell: 'execute',
  write: 'edit',
  edit: 'edit',
  text_editor: 'edit',
  read: 'read',
  tree: 'search',
  analyze: 'read',
};

/** opencode's own settings for Corral's mode, as it takes them from its environment. */
export function opencodePermissions(mode: PermissionMode): string {
  const beyondEdits = mode === 'all' ? 'allow' : 'ask';
  return JSON.stringify({
    edit: mode === 'ask' ? 'ask' : 'allow',
    bash: beyondEdits,
    webfetch: beyondEdits,
    external_directory: beyondEdits,
  });
}

const QUIRKS: Readonly<Record<string, AcpQuirks>> = {
  gemini: {
    modes: { ask: 'default', edits: 'autoEdit', all: 'yolo' },
    // Otherwise it starts itself again as a child that no signal reaches.
    environment: () => ({ GEMINI_CLI_NO_RELAUNCH: 'true' }),
    modelArgument: (model) => `--model=${model}`,
    cannotLoad: true,
  },
  goose: {
    terminal: (id) => ['session', '--resume', '--session-id', id, '--history'],
    // It cannot tell an edit from a command: it asks for both, and edits are let through here.
    modes: { ask: 'approve', edits: 'approve', all: 'auto' },
    environment: (_mode, model) => (model === undefined ? {} : { GOOSE_MODEL: model }),
    errorText: GOOSE_ERROR_TEXT,
    ignoresEndOfInput: true,
    categories: GOOSE_CATEGORIES,
  },
  opencode: {
    terminal: (id) => [`--session=${id}`],
    // Without this it asks for nothing.
    environment: (mode) => ({ OPENCODE_PERMISSION: opencodePermissions(mode) }),
  },
  'claude-agent-acp': { modes: { ask: 'default', edits: 'acceptEdits', all: 'bypassPermissions' } },
  'codex-acp': { modes: { ask: 'read-only', edits: 'workspace-write', all: 'agent-full-access' } },
};

/** The quirks of the agent that `argv` starts: its program's name, or that of the script that an interpreter is given. */
export function quirksOf(argv: readonly string[]): AcpQuirks {
  for (const name of programNames(argv)) if (Object.hasOwn(QUIRKS, name)) return QUIRKS[name] ?? NONE;
  return NONE;
}

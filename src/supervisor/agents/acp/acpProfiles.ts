/** How each agent that speaks the Agent Client Protocol differs from the others, as measured. */
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { PermissionMode } from '../../../storage/sessionRecords';
import { programNames } from '../driver/programNames';
import type { ToolCategories } from '../driver/toolCategories';
import { PROTECTED_FILES, PROTECTED_FOLDERS } from '../driver/permissions/worktreeEdits';
import { toolCategories } from '../driver/toolCategories';

export interface AcpAside {
  /** The agent's name for a mode in which it can only read. It has to offer that. */
  mode: string;
  arguments?: (policyFile: string) => string[];
  environment?: Record<string, string>;
  /** What the file of the arguments holds. */
  policy?: string;
  /** `_meta` of the requests that open its session. */
  meta?: Record<string, unknown>;
}

export interface AcpProfile {
  /** The arguments that continue a session in a terminal; absent where the agent cannot. */
  terminalArguments?: (nativeSessionId: string) => string[];
  /** The agent's names for Corral's permission modes; absent where it has none in this protocol. */
  modes?: Readonly<Record<PermissionMode, string>>;
  /** Variables to start the agent with. */
  environment?: (mode: PermissionMode, model: string | undefined) => Record<string, string>;
  /** An argument that chooses the model. */
  modelArgument?: (model: string) => string;
  /** A message that begins with this reports a failure, although its turn ends like any other. */
  errorPrefix?: string;
  /** The agent claims that it can load sessions, but fails to. */
  cannotLoad?: true;
  /** The agent keeps running when its input is closed. */
  ignoresEndOfInput?: true;
  /** How it answers a question beside the work without being able to change anything; absent where it cannot. */
  aside?: AcpAside;
  /** For agents that do not report the kind of a tool. */
  categories?: ToolCategories;
}

/** Keeps Gemini from starting itself again as a child, which signals would not reach. */
export const GEMINI_ENVIRONMENT = { GEMINI_CLI_NO_RELAUNCH: 'true' };

export const GOOSE_ERROR_PREFIX = 'Ran into this error: ';
export const GOOSE_CATEGORIES = toolCategories({
  execute: ['shell'],
  edit: ['write', 'edit', 'text_editor'],
  read: ['read', 'analyze'],
  search: ['tree'],
});

/**
 * opencode's rules for edits: the last pattern that fits a path counts, and `*` also stands for slashes.
 * `otherwise` is for files that programs run or trust.
 */
function opencodeEdits(otherwise: 'ask' | 'deny'): Record<string, string> {
  const patterns = [
    ...PROTECTED_FOLDERS.map((name) => `*${name}/*`),
    ...[...PROTECTED_FILES, '.code-workspace'].map((name) => `*${name}`),
  ];
  return { '*': 'allow', ...Object.fromEntries(patterns.map((pattern) => [pattern, otherwise] as const)) };
}

/** opencode asks for nothing by itself: it takes its permissions from this variable. */
export function opencodeEnvironment(mode: PermissionMode, canAsk: boolean): Record<string, string> {
  const beyondEdits = mode === 'all' ? 'allow' : 'ask';
  const permissions = {
    edit: mode === 'edits' ? opencodeEdits(canAsk ? 'ask' : 'deny') : beyondEdits,
    bash: beyondEdits,
    webfetch: beyondEdits,
    external_directory: beyondEdits,
  };
  return { OPENCODE_PERMISSION: JSON.stringify(permissions) };
}

const OPENCODE_ASIDE = 'corral-aside';
/** A later rule counts before an earlier one. Files of variables may hold secrets. */
const OPENCODE_READ_ONLY = {
  '*': 'deny',
  read: { '*': 'allow', '*.env': 'deny', '*.env.*': 'deny', '*.env.example': 'allow' },
  ...{ list: 'allow', glob: 'allow', grep: 'allow', external_directory: 'deny' },
};

/** An agent of its own, since what people allow theirs counts more than what is allowed to all. */
export const OPENCODE_ASIDE_ENVIRONMENT = {
  OPENCODE_CONFIG_CONTENT: JSON.stringify({
    agent: {
      [OPENCODE_ASIDE]: { mode: 'primary', description: 'Answers, and only reads', permission: OPENCODE_READ_ONLY },
    },
  }),
  OPENCODE_PERMISSION: JSON.stringify(OPENCODE_READ_ONLY),
};
export const OPENCODE_ASIDE_ARGUMENTS = ['--agent', OPENCODE_ASIDE];

/** Goes before all that people allow Gemini: it could leave its own plan mode, and writes plans in it. */
export const GEMINI_READ_ONLY_POLICY = `[[rule]]
toolName = ["read_file", "read_many_files", "list_directory", "glob", "grep_search", "search_file_content"]
decision = "allow"
priority = 999

[[rule]]
toolName = "*"
decision = "deny"
priority = 998

[[rule]]
toolName = "*"
mcpName = "*"
decision = "deny"
priority = 998
`;
/** @throws CorralError INVALID_ARGUMENT for a path that Gemini would read as several */
export function geminiPolicyArguments(policyFile: string): string[] {
  if (!policyFile.includes(',')) return [`--policy=${policyFile}`];
  throw new CorralError(
    'INVALID_ARGUMENT',
    l10n.t(
      'Gemini cannot be asked, since the folder of the sessions has a comma in its path. Let another agent answer.',
    ),
  );
}

/** As for Claude itself: it can only read, and starts neither hooks nor servers. */
const CLAUDE_READ_ONLY = {
  claudeCode: {
    options: { tools: ['Read', 'Grep', 'Glob'], strictMcpConfig: true, settings: { disableAllHooks: true } },
  },
};

/** By the name of the agent's program. */
const PROFILES: ReadonlyMap<string, AcpProfile> = new Map(
  Object.entries<AcpProfile>({
    gemini: {
      // In `autoEdit` it would edit the editor's settings unasked. Corral allows the edits.
      modes: { ask: 'default', edits: 'default', all: 'yolo' },
      environment: () => GEMINI_ENVIRONMENT,
      modelArgument: (model) => `--model=${model}`,
      cannotLoad: true,
      aside: { mode: 'default', arguments: geminiPolicyArguments, policy: GEMINI_READ_ONLY_POLICY },
    },
    goose: {
      terminalArguments: (id) => ['session', '--resume', '--session-id', id, '--history'],
      // Goose cannot tell an edit from a command, so that it asks for both. Corral allows the edits.
      modes: { ask: 'approve', edits: 'approve', all: 'auto' },
      environment: (_mode, model) => (model === undefined ? {} : { GOOSE_MODEL: model }),
      errorPrefix: GOOSE_ERROR_PREFIX,
      ignoresEndOfInput: true,
      categories: GOOSE_CATEGORIES,
      aside: { mode: 'chat', environment: { GOOSE_MODE: 'chat' } },
    },
    opencode: {
      terminalArguments: (id) => [`--session=${id}`],
      environment: (mode) => opencodeEnvironment(mode, true),
      aside: { mode: OPENCODE_ASIDE, environment: OPENCODE_ASIDE_ENVIRONMENT },
    },
    'claude-agent-acp': {
      modes: { ask: 'default', edits: 'default', all: 'bypassPermissions' },
      aside: { mode: 'plan', meta: CLAUDE_READ_ONLY },
    },
    'codex-acp': {
      modes: { ask: 'read-only', edits: 'workspace-write', all: 'agent-full-access' },
      aside: { mode: 'read-only' },
    },
  }),
);

const DEFAULT_PROFILE: AcpProfile = {};

/** The profile of the agent that `argv` starts, found by the name of its program or script. */
export function profileOf(argv: readonly string[]): AcpProfile {
  const name = programNames(argv).find((each) => PROFILES.has(each));
  return (name === undefined ? undefined : PROFILES.get(name)) ?? DEFAULT_PROFILE;
}

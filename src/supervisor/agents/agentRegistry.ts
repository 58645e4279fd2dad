/** Which agents there are: the built-in ones, and what a person configured in `corral.agents`. */
import { join } from 'node:path';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import type { PermissionMode } from '../../storage/sessionRecords';
import { PERMISSION_MODES } from '../../storage/sessionRecords';
import { findProgram } from './discovery';
import type { DriverName } from './drivers';
import { DRIVER_NAMES } from './drivers';
import type { LinePattern } from './driver/linePatterns';
import { linePatternSchema } from './driver/linePatterns';
import { programNames } from './driver/programNames';

const text = v.string();

const agentSettingSchema = v.strictObject({
  /** May be left out for the built-in agents. */
  driver: v.optional(v.picklist(DRIVER_NAMES)),
  /** The program: an absolute path, `~/…`, or a name on PATH. */
  path: v.optional(v.pipe(text, v.minLength(1))),
  /** Come first, before the driver's own. */
  args: v.optional(v.array(text)),
  /** Added to the environment. */
  env: v.optional(v.record(text, text)),
  model: v.optional(v.pipe(text, v.minLength(1))),
  permissionMode: v.optional(v.picklist(PERMISSION_MODES)),
  /** Only of the driver `command`: what lines of its output mean. */
  patterns: v.optional(v.array(linePatternSchema)),
});
const agentSettingsSchema = v.record(
  v.pipe(text, v.regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "An agent's name is made of letters, digits, “.”, “_” and “-”.")),
  agentSettingSchema,
);

/** The setting `corral.agents`: name → how to run it. */
export type AgentSettings = v.InferOutput<typeof agentSettingsSchema>;
type AgentSetting = v.InferOutput<typeof agentSettingSchema>;

/** The setting, checked. Throws SETTINGS_INVALID with the place of the mistake. */
export function parseAgentSettings(value: unknown): AgentSettings {
  const parsed = v.safeParse(agentSettingsSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new CorralError(
    'SETTINGS_INVALID',
    `The setting corral.agents is not right at “${v.getDotPath(issue) ?? 'its top'}”: ${issue.message}`,
  );
}

/** An agent as a list shows it. */
export interface AgentEntry {
  name: string;
  driver: DriverName;
  /** One line: what it is. */
  description: string;
}

interface BuiltInAgent {
  driver: DriverName;
  description: string;
  /** Looked up where no path is configured. */
  program?: string;
  /** What makes the program speak the driver's protocol. */
  programArguments?: readonly string[];
  installHint: string;
}

const BUILT_IN: Readonly<Record<string, BuiltInAgent>> = {
  claude: {
    driver: 'claude',
    description: 'Claude Code',
    program: 'claude',
    installHint: 'Install it with “npm install -g @anthropic-ai/claude-code”, or set its path in corral.agents.',
  },
  codex: {
    driver: 'codex',
    description: 'Codex',
    program: 'codex',
    installHint: 'Install it with “npm install -g @openai/codex”, or set its path in corral.agents.',
  },
  gemini: {
    driver: 'acp',
    description: 'Gemini CLI',
    program: 'gemini',
    programArguments: ['--acp'],
    installHint: 'Install it with “npm install -g @google/gemini-cli”, or set its path in corral.agents.',
  },
  opencode: {
    driver: 'acp',
    description: 'opencode',
    program: 'opencode',
    programArguments: ['acp'],
    installHint: 'Install it with “npm install -g opencode-ai”, or set its path in corral.agents.',
  },
  goose: {
    driver: 'acp',
    description: 'Goose',
    program: 'goose',
    programArguments: ['acp'],
    installHint: 'See block.github.io/goose for how to install it, or set its path in corral.agents.',
  },
  demo: {
    driver: 'claude',
    description: 'A scripted agent that needs no key and no network',
    installHint: 'It comes with the extension: install that anew.',
  },
  command: {
    driver: 'command',
    description: 'Any program',
    installHint: "Check the command's first word: an absolute path, or a name on PATH.",
  },
};

function builtIn(name: string): BuiltInAgent | undefined {
  return Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
}

/** All agents that can be asked for, built-in ones first. */
export function listAgents(settings: AgentSettings): AgentEntry[] {
  const names = new Set([...Object.keys(BUILT_IN), ...Object.keys(settings)]);
  return [...names].flatMap((name) => {
    const known = builtIn(name);
    const driver = settings[name]?.driver ?? known?.driver;
    return driver === undefined
      ? []
      : [{ name, driver, description: known?.description ?? settings[name]?.path ?? driver }];
  });
}

/** The variables that a person gave the agent. They may be secrets: they are passed on when it starts, and written nowhere. */
export function configuredEnvironment(name: string, agents: AgentSettings): Record<string, string> {
  return { ...(Object.hasOwn(agents, name) ? agents[name]?.env : undefined) };
}

/** All that a start needs to know of an agent. */
export interface ResolvedAgent {
  driver: DriverName;
  /** Absolute path. */
  program: string;
  programArguments: string[];
  /** What the program needs to run at all. What a person configured is in `configuredEnvironment`. */
  environment: Record<string, string>;
  model?: string;
  permissionMode?: PermissionMode;
  linePatterns?: LinePattern[];
  /** Its program does nothing for a person at a terminal. */
  isScripted?: true;
  /** What makes it tell its version, where it is known to do that and nothing else. */
  versionArguments?: string[];
}

export interface ResolveOptions {
  agents: AgentSettings;
  /** The folder of the bundles, where the demo agent lies. */
  bundles: string;
  /** Program and arguments, for the agent `command`. */
  argv?: readonly string[];
}

/** Finds an agent's program. Throws AGENT_UNKNOWN, AGENT_NOT_FOUND (with how to install it), SETTINGS_INVALID, INVALID_ARGUMENT. */
export async function resolveAgent(name: string, options: ResolveOptions): Promise<ResolvedAgent> {
  const setting: AgentSetting | undefined = Object.hasOwn(options.agents, name) ? options.agents[name] : undefined;
  const known = builtIn(name);
  if (setting === undefined && known === undefined)
    throw new CorralError('AGENT_UNKNOWN', `There is no agent “${name}”. Add it to the setting corral.agents.`);
  const driver = setting?.driver ?? known?.driver;
  if (driver === undefined)
    throw new CorralError(
      'SETTINGS_INVALID',
      `The setting corral.agents.${name} needs a driver: ${DRIVER_NAMES.join(' or ')}.`,
    );
  const [argvProgram, ...argvArguments] = options.argv ?? [];
  const chosen = {
    driver,
    environment: {},
    ...(setting?.model === undefined ? {} : { model: setting.model }),
    ...(setting?.permissionMode === undefined ? {} : { permissionMode: setting.permissionMode }),
    ...(setting?.patterns === undefined ? {} : { linePatterns: setting.patterns }),
  };
  // With another driver than its own, a built-in agent is asked to speak something else.
  const protocolArguments = driver === known?.driver ? (known.programArguments ?? []) : [];
  const ownArguments = [...(setting?.args ?? []), ...protocolArguments, ...argvArguments];
  if (name === 'demo' && setting?.path === undefined) {
    // Node itself, or VS Code's program, which has to be told to be Node.
    const environment: Record<string, string> =
      process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' };
    return {
      ...chosen,
      environment,
      program: process.execPath,
      programArguments: [join(options.bundles, 'demoAgent.js'), ...ownArguments],
      isScripted: true,
    };
  }
  const program = argvProgram ?? setting?.path ?? known?.program;
  if (program === undefined) throw new CorralError('INVALID_ARGUMENT', `The agent “${name}” needs a command to run.`);
  const found = await findProgram({ program, environment: { ...process.env, ...setting?.env } });
  if (found === undefined)
    throw new CorralError(
      'AGENT_NOT_FOUND',
      `“${program}” was not found. ${known?.installHint ?? 'Check its path in the setting corral.agents.'}`,
    );
  const isKnown = Object.values(BUILT_IN).some(
    (agent) =>
      agent.program !== undefined && programNames([found.program, ...found.programArguments]).includes(agent.program),
  );
  return {
    ...chosen,
    program: found.program,
    programArguments: [...found.programArguments, ...ownArguments],
    ...(isKnown ? { versionArguments: [...found.programArguments, '--version'] } : {}),
  };
}

/** The agents that can be chosen: the built-in ones, and those of the setting `corral.agents`. */
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import type { PermissionMode } from '../../storage/sessionRecords';
import { PERMISSION_MODES } from '../../storage/sessionRecords';
import { builtInAgents } from './builtInAgents';
import { findProgram } from './discovery';
import type { LinePattern } from './driver/linePatterns';
import { linePatternSchema } from './driver/linePatterns';
import { programNames } from './driver/programNames';
import type { DriverName } from './drivers';
import { DRIVER_NAMES } from './drivers';
import { parseNamedEntries } from './namedEntries';

const text = v.string();

const agentSettingSchema = v.strictObject({
  /** Optional for the built-in agents. */
  driver: v.optional(v.picklist(DRIVER_NAMES)),
  /** The program: an absolute path, `~/…`, or a name on PATH. */
  path: v.optional(v.pipe(text, v.minLength(1))),
  /** They come before the driver's own. */
  args: v.optional(v.array(text)),
  /** Added to the environment. */
  env: v.optional(v.record(text, text)),
  model: v.optional(v.pipe(text, v.minLength(1))),
  permissionMode: v.optional(v.picklist(PERMISSION_MODES)),
  /** Only for the driver `command`: what lines of the output mean. */
  patterns: v.optional(v.array(linePatternSchema)),
});
const agentNameSchema = v.pipe(
  text,
  v.regex(/^[A-Za-z0-9][\w.-]{0,63}$/, () =>
    l10n.t('Use only letters, digits, “.”, “_” and “-” in the name of an agent.'),
  ),
);

/** An agent as the setting `corral.agents` has it. With a `mistake`, a sentence, nothing else counts. */
export type AgentSetting = v.InferOutput<typeof agentSettingSchema> & { mistake?: string };
/** By the agent's name. */
export type AgentSettings = Record<string, AgentSetting>;

/**
 * The value of the setting. A wrong entry makes only its own agent unusable.
 * @throws SETTINGS_INVALID where there are no entries at all
 */
export function parseAgentSettings(value: unknown): AgentSettings {
  const entries = parseNamedEntries(value, {
    setting: 'corral.agents',
    code: 'SETTINGS_INVALID',
    nameSchema: agentNameSchema,
    entrySchema: agentSettingSchema,
  });
  return Object.fromEntries(entries);
}

/** An agent in a list. */
export interface AgentEntry {
  name: string;
  /** Absent where its settings are wrong and it is not built in. */
  driver?: DriverName;
  /** One line. */
  description: string;
}

/** All agents, the built-in ones first. */
export function listAgents(settings: AgentSettings): AgentEntry[] {
  const builtIn = builtInAgents();
  const names = new Set([...builtIn.keys(), ...Object.keys(settings)]);
  return [...names].flatMap((name) => {
    const known = builtIn.get(name);
    const driver = settings[name]?.driver ?? known?.driver;
    if (driver === undefined && settings[name]?.mistake !== undefined) return [{ name, description: name }];
    return driver === undefined
      ? []
      : [{ name, driver, description: known?.description ?? settings[name]?.path ?? driver }];
  });
}

/** The variables from the settings. They may be secrets, so that the agent gets them but no file does. */
export function configuredEnvironment(name: string, agents: AgentSettings): Record<string, string> {
  return { ...settingOf(name, agents)?.env };
}

/**
 * Whose usage limits count for the agent: those of Claude or Codex share an account, except for one with variables of
 * its own, such as `CLAUDE_CONFIG_DIR`.
 */
export function accountOf(name: string, agents: AgentSettings): string {
  const setting = settingOf(name, agents);
  if (Object.keys(setting?.env ?? {}).length > 0 || name === 'demo') return name;
  const driver = setting?.driver ?? builtInAgents().get(name)?.driver;
  return driver === 'claude' || driver === 'codex' ? driver : name;
}

function settingOf(name: string, agents: AgentSettings): AgentSettings[string] | undefined {
  return Object.hasOwn(agents, name) ? agents[name] : undefined;
}

/** What is needed to start an agent. */
export interface ResolvedAgent {
  driver: DriverName;
  /** Absolute path. */
  program: string;
  programArguments: string[];
  /** What the program needs to run at all; `configuredEnvironment` has the variables from the settings. */
  environment: Record<string, string>;
  model?: string;
  permissionMode?: PermissionMode;
  linePatterns?: LinePattern[];
  /** The program is of no use to a person in a terminal. */
  isScripted?: true;
  /** Arguments that print the version, for programs that are known to do nothing else then. */
  versionArguments?: string[];
}

export interface ResolveOptions {
  agents: AgentSettings;
  /** The folder of the bundles, which includes the demo agent. */
  bundles: string;
  /** Program and arguments for the agent `command`. */
  argv?: readonly string[];
}

/**
 * Finds an agent's program.
 * @throws AGENT_UNKNOWN, SETTINGS_INVALID, INVALID_ARGUMENT
 * @throws AGENT_NOT_FOUND with how to install the program
 */
export async function resolveAgent(name: string, options: ResolveOptions): Promise<ResolvedAgent> {
  const setting = settingOf(name, options.agents);
  const builtIn = builtInAgents().get(name);
  if (setting === undefined && builtIn === undefined)
    throw new CorralError(
      'AGENT_UNKNOWN',
      l10n.t('There is no agent “{name}”. Add it to the setting corral.agents.', { name }),
    );
  if (setting?.mistake !== undefined) throw new CorralError('SETTINGS_INVALID', setting.mistake);
  const driver = setting?.driver ?? builtIn?.driver;
  if (driver === undefined)
    throw new CorralError(
      'SETTINGS_INVALID',
      l10n.t('Set “driver” to one of these for the agent “{name}” in corral.agents: {drivers}.', {
        name,
        drivers: DRIVER_NAMES.join(', '),
      }),
    );
  const [commandProgram, ...commandArguments] = options.argv ?? [];
  const chosen = {
    driver,
    environment: {},
    ...(setting?.model === undefined ? {} : { model: setting.model }),
    ...(setting?.permissionMode === undefined ? {} : { permissionMode: setting.permissionMode }),
    ...(setting?.patterns === undefined ? {} : { linePatterns: setting.patterns }),
  };
  // The arguments of a built-in agent belong to the protocol of its own driver.
  const protocolArguments = driver === builtIn?.driver ? (builtIn.programArguments ?? []) : [];
  const programArguments = [...(setting?.args ?? []), ...protocolArguments, ...commandArguments];
  if (name === 'demo' && setting?.path === undefined)
    return { ...chosen, ...demoProgram(options.bundles, programArguments) };
  const program = commandProgram ?? setting?.path ?? builtIn?.program;
  if (program === undefined)
    throw new CorralError(
      'INVALID_ARGUMENT',
      l10n.t('The agent “{name}” needs a program: enter a command, or set its path in corral.agents.', { name }),
    );
  const found = await findProgram({ program, environment: { ...process.env, ...setting?.env } });
  if (found === undefined) {
    const hint = builtIn?.installHint ?? l10n.t('Check its path in the setting corral.agents.');
    throw new CorralError('AGENT_NOT_FOUND', l10n.t('“{program}” was not found. {hint}', { program, hint }));
  }
  return {
    ...chosen,
    program: found.program,
    programArguments: [...found.programArguments, ...programArguments],
    ...(isBuiltInProgram([found.program, ...found.programArguments])
      ? { versionArguments: [...found.programArguments, '--version'] }
      : {}),
  };
}

/** The demo agent runs in Node, or in VS Code's own program, which has to be told to act as Node. */
function demoProgram(
  bundles: string,
  programArguments: readonly string[],
): Pick<ResolvedAgent, 'environment' | 'program' | 'programArguments' | 'isScripted'> {
  return {
    environment: process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' },
    program: process.execPath,
    programArguments: [join(bundles, 'demoAgent.js'), ...programArguments],
    isScripted: true,
  };
}

function isBuiltInProgram(argv: readonly string[]): boolean {
  const names = programNames(argv);
  return [...builtInAgents().values()].some(({ program }) => program !== undefined && names.includes(program));
}

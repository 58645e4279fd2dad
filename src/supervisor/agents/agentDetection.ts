/** Which agents are installed, in which version, and how to get the others. */
import { messageOf } from '../../common/errors';
import type { AgentSummary } from '../api';
import { builtInAgents } from './builtInAgents';
import { CorralError } from '../../storage/errors';
import type { RunProcess } from '../../common/processes/runProcess';
import type { AgentEntry, ResolvedAgent, ResolveOptions } from './agentRegistry';
import { listAgents, resolveAgent } from './agentRegistry';
import { programEnvironment } from './programEnvironment';

/** Some start a whole language runtime to tell their version. */
const VERSION_LIMIT_MS = 20_000;

export interface DetectedAgent extends AgentEntry {
  /** Why it cannot be used, and how to get it; undefined where it can. */
  missing?: string;
  /** True where its settings are what is wrong. */
  isWronglySet?: boolean;
  /** What installs it, where only that is missing and not a program that the settings name. */
  installCommand?: readonly string[];
  version?: string;
}

export interface DetectionOptions extends ResolveOptions {
  runProcess: RunProcess;
}

/** All agents, those that can be used first. Nothing is installed; programs are started only to tell their version. */
export async function detectAgents(options: DetectionOptions): Promise<DetectedAgent[]> {
  return await detectAll(options, async (entry, agent) => {
    const environment = await programEnvironment(entry.name, agent, options.agents);
    return await versionOf(agent, environment, options.runProcess);
  });
}

/** The same in the same order, without versions: nothing is started, so that it takes no time. */
export async function findAgents(options: ResolveOptions): Promise<DetectedAgent[]> {
  return await detectAll(options, async () => await Promise.resolve(undefined));
}

type ReadVersion = (entry: AgentEntry, agent: ResolvedAgent) => Promise<string | undefined>;

async function detectAll(options: ResolveOptions, readVersion: ReadVersion): Promise<DetectedAgent[]> {
  const detect = async (entry: AgentEntry): Promise<DetectedAgent> => await detectAgent(entry, options, readVersion);
  const agents = await Promise.all(listAgents(options.agents).map(detect));
  return agents.sort((a, b) => Number(a.missing !== undefined) - Number(b.missing !== undefined));
}

/** All agents as other extensions see them, those that can be used first. */
export async function summarizeAgents(options: DetectionOptions): Promise<AgentSummary[]> {
  const detected = await detectAgents(options);
  return detected.map(({ name, description, driver, missing, isWronglySet, version }) => {
    const installCommand = builtInAgents().get(name)?.installCommand;
    return {
      name,
      description,
      ...(driver === undefined ? {} : { driver }),
      ...(missing === undefined
        ? {}
        : { problem: missing, problemCause: isWronglySet === true ? 'settings' : 'notInstalled' }),
      ...(missing === undefined || isWronglySet === true || installCommand === undefined ? {} : { installCommand }),
      ...(version === undefined ? {} : { version }),
    };
  });
}

async function detectAgent(
  entry: AgentEntry,
  options: ResolveOptions,
  readVersion: ReadVersion,
): Promise<DetectedAgent> {
  // Each session names its own program.
  if (entry.name === 'command') return entry;
  try {
    const agent = await resolveAgent(entry.name, options);
    const version = await readVersion(entry, agent);
    return version === undefined ? entry : { ...entry, version };
  } catch (error) {
    const isWronglySet = error instanceof CorralError && error.code === 'SETTINGS_INVALID';
    const isNamed = options.agents[entry.name]?.path !== undefined;
    const installCommand = isWronglySet || isNamed ? undefined : builtInAgents().get(entry.name)?.installCommand;
    return { ...entry, missing: messageOf(error), isWronglySet, ...(installCommand && { installCommand }) };
  }
}

async function versionOf(
  { program, versionArguments }: ResolvedAgent,
  environment: Record<string, string>,
  runProcess: RunProcess,
): Promise<string | undefined> {
  if (versionArguments === undefined) return undefined;
  const { exitCode, stdout } = await runProcess([program, ...versionArguments], {
    environment,
    timeoutMs: VERSION_LIMIT_MS,
    graceMs: 0,
  });
  return exitCode === 0 ? /\d+\.\d+(?:\.[\w-]+)*/.exec(stdout.toString('utf8'))?.[0] : undefined;
}

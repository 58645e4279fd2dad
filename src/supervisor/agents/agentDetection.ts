/** Which of the agents are there, in which version, and how to get the others. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../../common/errors';
import type { AgentEntry, ResolvedAgent, ResolveOptions } from './agentRegistry';
import { listAgents, resolveAgent } from './agentRegistry';
import { programEnvironment } from './programEnvironment';

/** Some start a whole language runtime only to say their version. */
const VERSION_LIMIT_MS = 20_000;

export interface DetectedAgent extends AgentEntry {
  /** Why it cannot be used, with how to get it; undefined where it can. */
  missing?: string;
  version?: string;
}

/** All agents, those that can be used first. Nothing is installed; programs are started only to be asked for their version. */
export async function detectAgents(options: ResolveOptions): Promise<DetectedAgent[]> {
  const agents = await Promise.all(listAgents(options.agents).map(async (entry) => await detectAgent(entry, options)));
  return agents.sort((a, b) => Number(a.missing !== undefined) - Number(b.missing !== undefined));
}

async function detectAgent(entry: AgentEntry, options: ResolveOptions): Promise<DetectedAgent> {
  // What it runs is said with each session.
  if (entry.name === 'command') return entry;
  try {
    const agent = await resolveAgent(entry.name, options);
    const version = await versionOf(agent, programEnvironment(entry.name, agent, options.agents));
    return version === undefined ? entry : { ...entry, version };
  } catch (error) {
    return { ...entry, missing: messageOf(error) };
  }
}

async function versionOf(
  { program, versionArguments }: ResolvedAgent,
  env: Record<string, string>,
): Promise<string | undefined> {
  if (versionArguments === undefined) return undefined;
  const asked = promisify(execFile)(program, versionArguments, {
    env,
    timeout: VERSION_LIMIT_MS,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  asked.child.stdin?.end();
  const answer = await asked.catch(() => undefined);
  return /\d+\.\d+(?:\.[\w-]+)*/.exec(answer?.stdout ?? '')?.[0];
}

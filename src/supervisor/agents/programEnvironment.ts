import { withoutEditor } from './editorVariables';
import type { AgentSettings, ResolvedAgent } from './agentRegistry';
import { configuredEnvironment } from './agentRegistry';

/** All variables of an agent's program that is started for something else than a run: a terminal, its version, its own records. */
export function programEnvironment(name: string, agent: ResolvedAgent, agents: AgentSettings): Record<string, string> {
  const inherited = Object.entries(withoutEditor(process.env)).flatMap(([variable, value]) =>
    value === undefined ? [] : [[variable, value] as const],
  );
  return { ...Object.fromEntries(inherited), ...configuredEnvironment(name, agents), ...agent.environment };
}

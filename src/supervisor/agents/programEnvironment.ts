import type { AgentSettings, ResolvedAgent } from './agentRegistry';
import { configuredEnvironment } from './agentRegistry';
import { withoutEditor } from './editorVariables';

/** All variables of an agent's program that is started outside of a run: in a terminal, or for its version. */
export function programEnvironment(name: string, agent: ResolvedAgent, agents: AgentSettings): Record<string, string> {
  const inherited = Object.entries(withoutEditor(process.env)).flatMap(([variable, value]) =>
    value === undefined ? [] : [[variable, value] as const],
  );
  return { ...Object.fromEntries(inherited), ...configuredEnvironment(name, agents), ...agent.environment };
}

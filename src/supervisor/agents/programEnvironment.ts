import type { AgentSettings, ResolvedAgent } from './agentRegistry';
import { configuredEnvironment } from './agentRegistry';
import { withoutEditor } from './editorVariables';
import { withProgramFolder } from './programPath';

/** All variables of an agent's program that is started outside of a run: in a terminal, or for its version. */
export async function programEnvironment(
  name: string,
  agent: ResolvedAgent,
  agents: AgentSettings,
): Promise<Record<string, string>> {
  const configured = { ...configuredEnvironment(name, agents), ...agent.environment };
  const environment = await withProgramFolder({ ...withoutEditor(process.env), ...configured }, agent.program);
  return Object.fromEntries(
    Object.entries(environment).flatMap(([variable, value]) => (value === undefined ? [] : [[variable, value]])),
  );
}

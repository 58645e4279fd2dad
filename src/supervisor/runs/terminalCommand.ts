import { CorralError } from '../../storage/errors';
import type { SessionFacts } from '../../storage/sessionFacts';
import { resolveAgent } from '../agents/agentRegistry';
import { driverFor } from '../agents/drivers';
import { programEnvironment } from '../agents/programEnvironment';
import type { RunStarterOptions } from './runStarter';
import { requireWorktree } from './runStarter';
import { nativeSession } from '../sessions/summary';

/** What a terminal runs for a person to go on with a session by the agent's own means. */
export interface TerminalCommand {
  program: string;
  arguments: string[];
  cwd: string;
  /** The whole of it. */
  environment: Record<string, string>;
}

/** Throws AGENT_SESSION_NOT_FOUND where the agent told no id to go on with, INVALID_ARGUMENT where it has no such thing, WORKTREE_MISSING, AGENT_NOT_FOUND. */
export async function terminalCommand(
  { settings, bundles }: Pick<RunStarterOptions, 'settings' | 'bundles'>,
  facts: SessionFacts,
): Promise<TerminalCommand> {
  const native = nativeSession(facts);
  if (native === undefined)
    throw new CorralError(
      'AGENT_SESSION_NOT_FOUND',
      'The agent never told the id of its own session, so nothing can go on with it.',
    );
  const agent = await resolveAgent(facts.agent, {
    agents: settings().agents,
    bundles,
    ...(facts.argv === undefined ? {} : { argv: facts.argv }),
  });
  const words =
    agent.isScripted === true
      ? undefined
      : (await driverFor(agent.driver)).terminalArguments?.({ ...agent, nativeSessionId: native.nativeSessionId });
  if (words === undefined)
    throw new CorralError(
      'INVALID_ARGUMENT',
      `The agent “${facts.agent}” cannot go on with this session in a terminal. Send it a message.`,
    );
  await requireWorktree(facts.worktreePath);
  // Not the run's mark: no run may end what belongs to a person.
  const environment = {
    ...programEnvironment(facts.agent, agent, settings().agents),
    CORRAL_SESSION_ID: facts.sessionId,
  };
  return { program: agent.program, arguments: words, cwd: facts.worktreePath, environment };
}

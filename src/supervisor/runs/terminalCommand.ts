import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import type { SessionFacts } from '../../storage/sessionFacts';
import { resolveAgent } from '../agents/agentRegistry';
import { driverFor } from '../agents/drivers';
import { programEnvironment } from '../agents/programEnvironment';
import { findAgentFolder, requireWorktree } from '../lifecycle/agentFolder';
import { workingAgent } from '../../storage/sessionState';
import { requireHere } from '../sessions/sessionErrors';
import { nativeSession } from '../sessions/summary';
import type { RunStarterOptions } from './runStarter';

/** What a terminal runs so that a person can continue a session in the agent's own program. */
export interface TerminalCommand {
  program: string;
  arguments: string[];
  cwd: string;
  /** The whole environment, not additions to one. */
  environment: Record<string, string>;
}

/**
 * @throws CorralError AGENT_SESSION_NOT_FOUND where the agent never told its session's id, INVALID_ARGUMENT where its
 * program has no such thing, WORKTREE_MISSING, AGENT_NOT_FOUND
 */
export async function terminalCommand(
  { git, settings, bundles }: Pick<RunStarterOptions, 'git' | 'settings' | 'bundles'>,
  facts: SessionFacts,
): Promise<TerminalCommand> {
  requireHere(facts);
  const native = nativeSession(facts);
  if (native === undefined)
    throw new CorralError(
      'AGENT_SESSION_NOT_FOUND',
      l10n.t('The agent never told the id of its own session, so it cannot be continued in a terminal.'),
    );
  const { name, argv } = workingAgent(facts);
  const agent = await resolveAgent(name, {
    agents: settings().agents,
    bundles,
    ...(argv === undefined ? {} : { argv }),
  });
  const driver = await driverFor(agent.driver);
  const parameters =
    agent.isScripted === true
      ? undefined
      : driver.terminalArguments?.({ ...agent, nativeSessionId: native.nativeSessionId });
  if (parameters === undefined)
    throw new CorralError(
      'INVALID_ARGUMENT',
      l10n.t('The agent “{agent}” cannot continue this session in a terminal. Send it a message instead.', {
        agent: name,
      }),
    );
  await requireWorktree(git, facts.worktreePath);
  // Without the variable that marks a run's processes: no run may end what belongs to a person.
  const environment = {
    ...(await programEnvironment(name, agent, settings().agents)),
    CORRAL_SESSION_ID: facts.sessionId,
  };
  return { program: agent.program, arguments: parameters, cwd: await findAgentFolder(facts), environment };
}

import type { SessionFacts } from '../../storage/sessionFacts';
import { readBootstrap } from '../runnerProtocol/bootstrapFile';
import type { RunBootstrap } from '../runnerProtocol/protocol';
import type { CommandConsents } from '../lifecycle/commandConsents';
import type { SessionStore } from '../sessions/sessionStore';
import type { WorktreeSettings } from '../settings';

export interface SetupOptions {
  store: SessionStore;
  worktreeSettings: (repository: string) => WorktreeSettings;
  consents: CommandConsents;
}

/** The setup command for the session's next run; none where the worktree is set up. */
export async function setupFor(
  { store, worktreeSettings }: Omit<SetupOptions, 'consents'>,
  facts: SessionFacts,
): Promise<Pick<RunBootstrap, 'setup'>> {
  const { setupCommand, setupLimitMs, workspaceCommands } = worktreeSettings(facts.repository);
  if (setupCommand.length === 0) return {};
  // An agent began to work there only after the setup, unless that was withheld.
  const begun = facts.runs.filter((run) => run.turn > 0 && run.formerPlace === undefined).at(-1);
  if (begun !== undefined) {
    // Imported runs have no such file.
    const run = store.paths.session(facts.sessionId).run(begun.runId);
    const bootstrap = await readBootstrap(run).catch(() => undefined);
    if (bootstrap?.setup?.isWithheld !== true) return {};
  }
  return {
    setup: { argv: [...setupCommand], limitMs: setupLimitMs, isUsers: !workspaceCommands.includes('setup') },
  };
}

/** Consent is looked up when the run starts, since people may have answered while it waited. */
export async function judgeSetup(
  { consents }: Pick<SetupOptions, 'consents'>,
  { repository, sessionId }: SessionFacts,
  setup: NonNullable<RunBootstrap['setup']>,
): Promise<RunBootstrap['setup']> {
  const mayRun =
    setup.isUsers === true || (await consents.isAllowed(sessionId, { repository, use: 'setup', command: setup.argv }));
  return mayRun ? setup : { ...setup, isWithheld: true };
}

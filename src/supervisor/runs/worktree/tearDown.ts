import * as l10n from '@vscode/l10n';
import type { NamedCommand } from '../../../storage/namedCommand';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { isOpen } from '../../../storage/sessionState';
import type { SessionModel } from '../../sessions/sessionModel';
import { endServers } from '../killRun';
import type { RunnerConnections } from '../runnerConnections';
import type { RunStarterOptions } from '../runStarter';
import { launchTeardown } from '../runStarter';
import type { RunWatcher } from '../runWatcher';

/** Added to the command's own limit: its last output and the journal take time on a busy machine. */
const END_LIMIT_MS = 60_000;

export interface TeardownOptions extends RunStarterOptions {
  model: SessionModel;
  connections: RunnerConnections;
  watcher: RunWatcher;
}

/** Runs the teardown command, which may need the servers of the setup command, and then ends those. */
export async function tearDownWorktree(options: TeardownOptions, id: string): Promise<void> {
  try {
    await runTeardown(options, id);
  } finally {
    const { store, model, settings } = options;
    for (const { runId } of model.facts(id).runs)
      await endServers(store.paths.session(id).run(runId), runId, settings().stopGraceMs).catch(() => undefined);
  }
}

/**
 * Runs the configured teardown command in the session's worktree, unless nothing was ever started there or nobody
 * allowed it. Resolves when the command has ended, however that was.
 */
async function runTeardown(options: TeardownOptions, id: string): Promise<void> {
  const { worktreeSettings, consents, model, connections, watcher, store } = options;
  const facts = model.facts(id);
  const { repository } = facts;
  const { teardownCommand, teardownLimitMs, workspaceCommands } = worktreeSettings(repository);
  if (
    teardownCommand.length === 0 ||
    facts.worktree !== 'present' ||
    facts.runs.every(({ startedAt }) => startedAt === undefined)
  )
    return;
  const command: NamedCommand = { repository, use: 'teardown', command: [...teardownCommand] };
  if (workspaceCommands.includes('teardown') && !(await consents.isAllowed(id, command))) return;
  const { bootstrap, claim } = await launchTeardown(options, facts);
  const { runId } = bootstrap;
  await connections.connect(bootstrap, claim).catch(() => watcher.check(id, runId)); // it may have ended already
  await store.sync(id);
  const hasEnded = ({ runs }: SessionFacts): boolean => runs.some((run) => run.runId === runId && !isOpen(run));
  await model.until(
    id,
    hasEnded,
    teardownLimitMs + END_LIMIT_MS,
    l10n.t('The teardown command has not ended in time.'),
  );
}

import * as l10n from '@vscode/l10n';
import type { NamedCommand } from '../../../storage/namedCommand';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { hasWorktree, isOpen } from '../../../storage/sessionState';
import type { SessionModel } from '../../sessions/sessionModel';
import { endServers } from '../killRun';
import type { RemoteRuns } from '../remote/remoteRuns';
import type { RunnerConnections } from '../runnerConnections';
import type { RunStarterOptions } from '../runStarter';
import { launchTeardown } from '../runStarter';
import type { RunWatcher } from '../runWatcher';

/** Added to the command's own limit: its last output and the journal take time on a busy machine. */
const END_LIMIT_MS = 60_000;

export interface TeardownOptions extends RunStarterOptions {
  model: SessionModel;
  connections: RunnerConnections;
  remoteRuns: RemoteRuns;
  watcher: RunWatcher;
}

/** Runs the teardown command, which may need the servers of the setup command, and then ends those. */
export async function tearDownWorktree(options: TeardownOptions, id: string): Promise<void> {
  try {
    await runTeardown(options, id);
  } finally {
    const { store, model, settings, remoteRuns } = options;
    const facts = model.facts(id);
    const { stopGraceMs } = settings();
    if (facts.host !== undefined) await remoteRuns.endServers(facts, stopGraceMs).catch(() => undefined);
    else
      for (const { runId } of facts.runs)
        await endServers(store.paths.session(id).run(runId), runId, stopGraceMs).catch(() => undefined);
  }
}

/**
 * Runs the configured teardown command in the session's worktree, unless nothing was ever started there or nobody
 * allowed it. Resolves when the command has ended, however that was.
 */
async function runTeardown(options: TeardownOptions, id: string): Promise<void> {
  const { worktreeSettings, consents, model, remoteRuns, store } = options;
  const facts = model.facts(id);
  const { repository } = facts;
  const { teardownCommand, teardownLimitMs, workspaceCommands } = worktreeSettings(repository);
  if (
    teardownCommand.length === 0 ||
    !(hasWorktree(facts) || facts.isForgotten === true) ||
    facts.runs.every(({ startedAt }) => startedAt === undefined)
  )
    return;
  const command: NamedCommand = { repository, use: 'teardown', command: [...teardownCommand] };
  if (workspaceCommands.includes('teardown') && !(await consents.isAllowed(id, command))) return;
  const runId = await (facts.host === undefined ? startHere(options, facts) : remoteRuns.startTeardown(facts));
  await store.sync(id);
  const hasEnded = ({ runs }: SessionFacts): boolean => runs.some((run) => run.runId === runId && !isOpen(run));
  await model.until(
    id,
    hasEnded,
    teardownLimitMs + END_LIMIT_MS,
    l10n.t('The teardown command has not ended in time.'),
  );
}

async function startHere(options: TeardownOptions, facts: SessionFacts): Promise<string> {
  const { connections, watcher } = options;
  const { bootstrap, claim } = await launchTeardown(options, facts);
  const { sessionId, runId } = bootstrap;
  // It may have ended already.
  await connections.connect(bootstrap, claim).catch(() => watcher.check(sessionId, runId));
  return runId;
}

import { randomBytes } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../storage/durableFile';
import { CorralError, messageOf } from '../storage/errors';
import { newId } from '../storage/ids';
import type { SessionFacts } from '../storage/sessionFacts';
import { isOpen } from '../storage/sessionFacts';
import { resolveAgent } from './agents/catalog';
import { driverFor } from './agents/drivers';
import type { RunBootstrap, RunnerClaim } from './runner/protocol';
import { PROTOCOL_VERSION } from './runner/protocol';
import { launchRunner } from './runnerLauncher';
import type { SessionStore } from './sessionStore';
import type { SupervisorSettings } from './settings';

export interface RunRequest {
  sessionId: string;
  prompt: string;
  resumes?: string;
}

export interface RunStarterOptions {
  store: SessionStore;
  /** The folder of the bundles: the runner and the demo agent. */
  bundles: string;
  settings: () => SupervisorSettings;
}

/**
 * Starts a run: resolves the agent, queues the run under the session's lock (so that no second one can start beside it),
 * and hands it to a runner. Returns the run's id once the runner has claimed it. Throws RUNNING, AGENT_NOT_FOUND,
 * RUNNER_START_FAILED; in the last case the run is recorded as failed.
 */
export async function startRun(options: RunStarterOptions, facts: SessionFacts, request: RunRequest): Promise<{ bootstrap: RunBootstrap; claim: RunnerClaim }> {
  const settings = options.settings();
  const agent = await resolveAgent(facts.agent, {
    agents: settings.agents,
    bundles: options.bundles,
    ...(facts.argv === undefined ? {} : { argv: facts.argv }),
  });
  const model = facts.model ?? agent.model;
  const launch = driverFor(agent.driver).launch({
    program: agent.program,
    programArguments: agent.programArguments,
    prompt: request.prompt,
    cwd: facts.worktreePath,
    permissionMode: facts.permissionMode,
    ...(model === undefined ? {} : { model }),
    ...(request.resumes === undefined ? {} : { resumes: request.resumes }),
  });
  await requireWorktree(facts.worktreePath);
  const runId = newId();
  const environment = { ...agent.environment, ...launch.environment };
  let bootstrap: RunBootstrap | undefined;
  await options.store.append(request.sessionId, (now) => {
    if (now.runs.some(isOpen)) throw new CorralError('RUNNING', 'This session is running already. Send it a message, or stop it first.');
    if (now.worktree !== 'present') throw new CorralError('WORKTREE_MISSING', 'The worktree of this session was removed. Restore it first.');
    const ordinal = Math.max(0, ...now.runs.map((run) => run.ordinal)) + 1;
    bootstrap = {
      protocol: PROTOCOL_VERSION,
      sessionId: request.sessionId,
      runId,
      ordinal,
      agent: facts.agent,
      driver: agent.driver,
      argv: launch.argv,
      environment: Object.keys(environment),
      cwd: facts.worktreePath,
      prompt: request.prompt,
      promptInArguments: launch.promptInArguments,
      permissionMode: facts.permissionMode,
      ...(model === undefined ? {} : { model }),
      ...(request.resumes === undefined ? {} : { resumes: request.resumes }),
      nonce: randomBytes(32).toString('hex'),
      tsFloor: afterLast(now.lastActivityAt),
      storeRoot: options.store.paths.root,
      stopGraceMs: settings.stopGraceMs,
      syncEveryEvent: settings.syncEveryEvent,
      worktree: { repository: facts.repository, storeId: options.store.storeId, baseCommit: facts.baseCommit },
      ...(facts.port === undefined ? {} : { port: facts.port }),
      // Until an agent has begun to work, which it does only in a worktree that is set up.
      ...(settings.setupCommand.length === 0 || now.runs.some((run) => run.turn > 0)
        ? {}
        : { setup: { argv: [...settings.setupCommand], limitMs: settings.setupLimitMs } }),
    };
    return { kind: 'run.queued', data: { runId, ordinal, prompt: request.prompt, ...(request.resumes === undefined ? {} : { resumes: request.resumes }) } };
  });
  if (bootstrap === undefined) throw new CorralError('CONFLICT', 'The session changed at the same moment. Try again.');
  const run = options.store.paths.session(request.sessionId).run(runId);
  await makeDirectory(run.root);
  try {
    const claim = await launchRunner({
      runnerPath: `${options.bundles}/runner.js`,
      ...(settings.runnerNode === undefined ? {} : { nodePath: settings.runnerNode }),
      run,
      bootstrap,
      environment: { ...process.env, ...environment },
    });
    return { bootstrap, claim };
  } catch (error) {
    const evidence = messageOf(error);
    await options.store.append(request.sessionId, (now) => {
      const known = now.runs.find((each) => each.runId === runId);
      if (known === undefined || !isOpen(known)) return undefined;
      return { kind: 'run.closed', data: { runId, outcome: 'failed', restored: false, evidence, afterSeq: known.eventCount } };
    });
    throw error;
  }
}

/** An agent in a folder without its own link to git would work in the checkout that lies around it. */
export async function requireWorktree(worktreePath: string): Promise<void> {
  const link = await lstat(join(worktreePath, '.git')).catch(() => undefined);
  if (link?.isFile() !== true)
    throw new CorralError('WORKTREE_MISSING', `The worktree of this session is not at ${worktreePath}. Restore it from its last snapshot.`);
}

/** 1 ms after the session's last record: the first moment that the new run's events may carry. */
function afterLast(lastActivityAt: string): string {
  const last = Date.parse(lastActivityAt);
  return new Date(Number.isNaN(last) ? 0 : last + 1).toISOString();
}

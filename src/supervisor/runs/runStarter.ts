import { randomBytes } from 'node:crypto';
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, replaceFile } from '../../storage/journal/durableFile';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { RunProcess } from '../../common/processes/runProcess';
import type { RunOutcome } from '../../storage/events';
import { newId } from '../../storage/ids';
import type { RunFacts, SessionFacts } from '../../storage/sessionFacts';
import { isOpen } from '../../storage/sessionState';
import { TEARDOWN_DRIVER } from '../../storage/events';
import { configuredEnvironment, resolveAgent } from '../agents/agentRegistry';
import { driverFor } from '../agents/drivers';
import { readBootstrap } from './recovery';
import type { RunBootstrap } from '../runnerProtocol/protocol';
import { PROTOCOL_VERSION } from '../runnerProtocol/protocol';
import { publishVoidClaim, readClaim } from '../runnerProtocol/claimFile';
import { launchRunner } from './runnerLauncher';
import { runnerProgram } from './runnerProgram';
import type { SessionStore } from '../sessions/sessionStore';
import type { SupervisorSettings } from '../settings';
import type { HeldClaim } from '../runnerProtocol/claimFile';

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
  runProcess: RunProcess;
}

/** A run with a runner. */
export interface LaunchedRun {
  bootstrap: RunBootstrap;
  claim: HeldClaim;
}

/**
 * Puts a run into the queue: resolves the agent and writes down all that its start takes, so that whichever window starts it starts the same, then
 * records it under the session's lock, so that no second one can wait or run beside it. Returns the run's id. Throws RUNNING, AGENT_NOT_FOUND, WORKTREE_MISSING, …
 */
export async function queueRun(options: RunStarterOptions, facts: SessionFacts, request: RunRequest): Promise<string> {
  const settings = options.settings();
  const agent = await resolveAgent(facts.agent, {
    agents: settings.agents,
    bundles: options.bundles,
    ...(facts.argv === undefined ? {} : { argv: facts.argv }),
  });
  const model = facts.model ?? agent.model;
  const runId = newId();
  const run = options.store.paths.session(request.sessionId).run(runId);
  const launch = (await driverFor(agent.driver)).launch({
    program: agent.program,
    programArguments: agent.programArguments,
    prompt: request.prompt,
    promptFile: run.prompt,
    cwd: facts.worktreePath,
    permissionMode: facts.permissionMode,
    ...(model === undefined ? {} : { model }),
    ...(request.resumes === undefined ? {} : { resumes: request.resumes }),
  });
  if (facts.worktree !== 'planned') await requireWorktree(facts.worktreePath);
  const driverEnvironment = { ...agent.environment, ...launch.environment };
  const bootstrap: RunBootstrap = {
    ...commonBootstrap(options, facts, runId),
    agent: facts.agent,
    driver: agent.driver,
    argv: launch.argv,
    environment: [
      ...new Set([
        ...Object.keys(configuredEnvironment(facts.agent, settings.agents)),
        ...Object.keys(driverEnvironment),
      ]),
    ],
    driverEnvironment,
    prompt: request.prompt,
    promptInArguments: launch.promptInArguments,
    ...(agent.linePatterns === undefined ? {} : { linePatterns: agent.linePatterns }),
    ...(model === undefined ? {} : { model }),
    ...(request.resumes === undefined ? {} : { resumes: request.resumes }),
    worktree: { repository: facts.repository, storeId: options.store.storeId, baseCommit: facts.baseCommit },
    // Until an agent has begun to work, which it does only in a worktree that is set up.
    ...(settings.setupCommand.length === 0 || facts.runs.some((run) => run.turn > 0)
      ? {}
      : { setup: { argv: [...settings.setupCommand], limitMs: settings.setupLimitMs } }),
  };
  await makeDirectory(run.root);
  if (launch.usesPromptFile === true) await replaceFile(run.prompt, Buffer.from(request.prompt));
  await replaceFile(run.bootstrap, Buffer.from(JSON.stringify(bootstrap)));
  try {
    await options.store.append(request.sessionId, (now) => {
      if (now.runs.some(isOpen))
        throw new CorralError('RUNNING', 'This session is running already. Send it a message, or stop it first.');
      if (now.worktree !== 'present' && now.worktree !== 'planned')
        throw new CorralError('WORKTREE_MISSING', 'The worktree of this session was removed. Restore it first.');
      const { prompt, resumes } = request;
      return {
        kind: 'run.queued',
        data: { runId, ordinal: nextOrdinal(now), prompt, ...(resumes === undefined ? {} : { resumes }) },
      };
    });
  } catch (error) {
    await rm(run.root, { recursive: true, force: true });
    throw error;
  }
  return runId;
}

/**
 * Hands a waiting run to a runner, and returns once that has claimed it. Where a window before this one was killed while it did the same, two
 * runners may start: the one that claims the run first has it, the other ends. Throws RUNNER_START_FAILED, WORKTREE_MISSING, …; then the run is
 * recorded as failed.
 */
export async function launchRun(options: RunStarterOptions, facts: SessionFacts, runId: string): Promise<LaunchedRun> {
  const { store, bundles } = options;
  const { sessionId } = facts;
  const settings = options.settings();
  try {
    const stored = await readBootstrap(store.paths, sessionId, runId);
    await requireWorktree(facts.worktreePath);
    const configured = configuredEnvironment(facts.agent, settings.agents);
    const environment: Record<string, string> = { ...configured, ...stored.driverEnvironment };
    const missing = stored.environment.filter((name) => environment[name] === undefined);
    if (missing.length > 0)
      throw new CorralError(
        'SETTINGS_INVALID',
        `The setting corral.agents no longer gives “${facts.agent}” what it was queued with: ${missing.join(', ')}.`,
      );
    const ordinal = facts.runs.find((run) => run.runId === runId)?.ordinal ?? stored.ordinal;
    const bootstrap: RunBootstrap = {
      ...stored,
      ordinal,
      tsFloor: afterLast(facts.lastActivityAt),
      // Of a worktree that was planned, nobody knew its base before.
      ...(stored.worktree === undefined ? {} : { worktree: { ...stored.worktree, baseCommit: facts.baseCommit } }),
    };
    const claim = await launchRunner({
      runnerPath: `${bundles}/runner.js`,
      nodePath: await runnerProgram(settings.runnerNode, options.runProcess),
      run: store.paths.session(sessionId).run(runId),
      bootstrap,
      environment: { ...process.env, ...environment },
    });
    return { bootstrap, claim };
  } catch (error) {
    await closeUnstarted(store, sessionId, runId, 'failed', messageOf(error));
    throw error;
  }
}

/** What every run of a session is told alike. */
function commonBootstrap({ store, settings }: RunStarterOptions, facts: SessionFacts, runId: string) {
  const { stopGraceMs, syncEveryEvent } = settings();
  return {
    protocol: PROTOCOL_VERSION,
    sessionId: facts.sessionId,
    runId,
    ordinal: nextOrdinal(facts),
    cwd: facts.worktreePath,
    permissionMode: facts.permissionMode,
    nonce: randomBytes(32).toString('hex'),
    tsFloor: afterLast(facts.lastActivityAt),
    storeRoot: store.paths.root,
    stopGraceMs,
    syncEveryEvent,
    ...(facts.port === undefined ? {} : { port: facts.port }),
  };
}

/**
 * Starts the command that tears a worktree down, as a run of its own without an agent: so it goes on when the window goes away, and its output is kept.
 * It waits for no place in the queue. Throws RUNNER_START_FAILED, WORKTREE_MISSING, …
 */
export async function launchTeardown(options: RunStarterOptions, facts: SessionFacts): Promise<LaunchedRun> {
  const { store, bundles } = options;
  const { teardownCommand, teardownLimitMs, runnerNode } = options.settings();
  await requireWorktree(facts.worktreePath);
  const runId = newId();
  const bootstrap: RunBootstrap = {
    ...commonBootstrap(options, facts, runId),
    agent: TEARDOWN_DRIVER,
    driver: TEARDOWN_DRIVER,
    argv: [...teardownCommand],
    environment: [],
    prompt: '',
    teardownLimitMs,
  };
  const run = store.paths.session(facts.sessionId).run(runId);
  await makeDirectory(run.root);
  const nodePath = runnerNode === undefined ? {} : { nodePath: runnerNode };
  const claim = await launchRunner({
    runnerPath: `${bundles}/runner.js`,
    ...nodePath,
    run,
    bootstrap,
    environment: process.env,
  });
  return { bootstrap, claim };
}

/** Takes a run out of the queue at somebody's wish. False where it has begun: its claim says which of the two was first, over all windows. */
export async function cancelRun(
  store: SessionStore,
  { sessionId }: SessionFacts,
  { runId, killRequested }: RunFacts,
): Promise<boolean> {
  const run = store.paths.session(sessionId).run(runId);
  const [outcome, evidence] =
    killRequested === true ? (['killed', 'Killed by you'] as const) : (['stopped', 'Stopped by you'] as const);
  await publishVoidClaim(run, evidence);
  if ((await readClaim(run))?.state === 'claimed') return false;
  await closeUnstarted(store, sessionId, runId, outcome, evidence);
  return true;
}

/** Records the end of a run that never began. */
export async function closeUnstarted(
  store: SessionStore,
  sessionId: string,
  runId: string,
  outcome: RunOutcome,
  evidence: string,
): Promise<void> {
  await store.append(sessionId, (now) => {
    const run = now.runs.find((each) => each.runId === runId);
    if (run === undefined || !isOpen(run)) return undefined;
    return { kind: 'run.closed', data: { runId, outcome, restored: false, evidence, afterSeq: run.eventCount } };
  });
}

function nextOrdinal({ runs }: SessionFacts): number {
  return Math.max(0, ...runs.map(({ ordinal }) => ordinal)) + 1;
}

/** An agent in a folder without its own link to git would work in the checkout that lies around it. */
export async function requireWorktree(worktreePath: string): Promise<void> {
  const link = await lstat(join(worktreePath, '.git')).catch(() => undefined);
  if (link?.isFile() !== true)
    throw new CorralError(
      'WORKTREE_MISSING',
      `The worktree of this session is not at ${worktreePath}. Restore it from its last snapshot.`,
    );
}

/** 1 ms after the session's last record: the first moment that the new run's events may carry. */
function afterLast(lastActivityAt: string): string {
  const last = Date.parse(lastActivityAt);
  return new Date(Number.isNaN(last) ? 0 : last + 1).toISOString();
}

import * as l10n from '@vscode/l10n';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { settleAttachments } from '../../storage/journal/attachmentFiles';
import { attachmentCopy } from '../../storage/paths';
import type { AttachmentReference } from '../../storage/attachments';
import { textWithPaths } from '../agents/driver/userMessages';
import { makeDirectory, replaceFile } from '../../storage/journal/durableFile';
import { CorralError } from '../../storage/errors';
import { agentFolderOf, findAgentFolder, notCopiedNotice, requireWorktree } from '../lifecycle/agentFolder';
import type { RunProcess } from '../../common/processes/runProcess';
import { newId } from '../../storage/ids';
import type { SessionFacts } from '../../storage/sessionFacts';
import type { DraftSessionRecord, LimitWait } from '../../storage/sessionRecords';
import { currentRun, hasWorktree, isOpen, isPlanned, queuedKind, workingAgent } from '../../storage/sessionState';
import { TEARDOWN_DRIVER } from '../../storage/events';
import { configuredEnvironment, resolveAgent } from '../agents/agentRegistry';
import { launchOf } from '../agents/commandLine';
import type { Git } from '../git/git';
import { readBootstrap } from '../runnerProtocol/bootstrapFile';
import type { RunBootstrap } from '../runnerProtocol/protocol';
import { PROTOCOL_VERSION } from '../runnerProtocol/protocol';
import { runBudget } from './budget/runBudget';
import { failUnstarted } from './closeRun';
import { ownMcpServer } from './ownMcpServer';
import type { RunnerLauncher } from './runnerLauncher';
import { judgeSetup, setupFor, type SetupOptions } from './setupCommand';
import type { SessionModel } from '../sessions/sessionModel';
import type { SupervisorSettings } from '../settings';
import type { HeldClaim } from '../runnerProtocol/claimFile';

export interface RunRequest {
  sessionId: string;
  prompt: string;
  /** Staged already; settled here. */
  attachments?: readonly AttachmentReference[] | undefined;
  resumes?: string;
  /** Another agent than before works from this run on. */
  handOver?: { agent: string; model?: string };
  /** The usage limit whose end it waits for. */
  waitsFor?: LimitWait;
  /** It is queued only while this run is the session's last one. */
  follows?: string;
}

export interface RunStarterOptions extends SetupOptions {
  model: SessionModel;
  git: Git;
  /** The folder of the bundles: the runner and the demo agent. */
  bundles: string;
  settings: () => SupervisorSettings;
  runProcess: RunProcess;
  launcher: RunnerLauncher;
}

/** A run that its runner has claimed. */
export interface LaunchedRun {
  bootstrap: RunBootstrap;
  claim: HeldClaim;
}

/**
 * Puts a run into the queue. All that its start takes is written down, so that every window would start it the same.
 * @returns the run's id
 * @throws CorralError RUNNING, CONFLICT, AGENT_NOT_FOUND, WORKTREE_MISSING; INVALID_ARGUMENT for a prompt that is too
 * long
 */
export async function queueRun(options: RunStarterOptions, facts: SessionFacts, request: RunRequest): Promise<string> {
  const settings = options.settings();
  const { handOver } = request;
  const working = workingAgent(facts);
  const name = handOver?.agent ?? working.name;
  const argv = handOver === undefined ? working.argv : undefined;
  const agent = await resolveAgent(name, {
    agents: settings.agents,
    bundles: options.bundles,
    ...(argv === undefined ? {} : { argv }),
  });
  const model = (handOver ?? working).model ?? agent.model;
  const runId = newId();
  const run = options.store.paths.session(request.sessionId).run(runId);
  const { attachments = [] } = request;
  const prompt = textWithPaths(
    request.prompt,
    attachments.map(({ id }) => join(facts.worktreePath, ...attachmentCopy(id).split('/'))),
  );
  const mcpServer = ownMcpServer(options, run);
  const launch = await launchOf(agent, {
    prompt,
    ...(mcpServer === undefined ? {} : { mcpServer }),
    promptFile: run.prompt,
    cwd: agentFolderOf(facts),
    permissionMode: facts.permissionMode,
    ...(model === undefined ? {} : { model }),
    ...(request.resumes === undefined ? {} : { resumes: request.resumes }),
  });
  if (facts.worktree !== 'planned') await requireWorktree(options.git, facts.worktreePath);
  const driverEnvironment = { ...agent.environment, ...launch.environment };
  const bootstrap: RunBootstrap = {
    ...commonBootstrap(options, facts, runId),
    agent: name,
    driver: agent.driver,
    argv: launch.argv,
    environment: [
      ...new Set([...Object.keys(configuredEnvironment(name, settings.agents)), ...Object.keys(driverEnvironment)]),
    ],
    driverEnvironment,
    prompt: request.prompt,
    promptInArguments: launch.promptInArguments,
    ...(mcpServer === undefined || launch.takesMcpServer !== true ? {} : { mcpServer }),
    ...(attachments.length === 0 ? {} : { attachments: [...attachments] }),
    ...(agent.linePatterns === undefined ? {} : { linePatterns: agent.linePatterns }),
    ...(model === undefined ? {} : { model }),
    ...(request.resumes === undefined ? {} : { resumes: request.resumes }),
    worktree: { repository: facts.repository, storeId: options.store.storeId, baseCommit: facts.baseCommit },
    ...(await setupFor(options, facts)),
  };
  await makeDirectory(run.root);
  if (launch.usesPromptFile === true) await replaceFile(run.prompt, Buffer.from(prompt));
  await replaceFile(run.bootstrap, Buffer.from(JSON.stringify(bootstrap)));
  try {
    await options.store.append(request.sessionId, (now) => queuedRecord(now, runId, request));
  } catch (error) {
    await rm(run.root, { recursive: true, force: true });
    throw error;
  }
  await settleAttachments(options.store.paths.session(request.sessionId), attachments);
  return runId;
}

/** @throws CorralError RUNNING, WORKTREE_MISSING, CONFLICT where that is no time for another run */
export function queuedRecord(now: SessionFacts, runId: string, request: RunRequest): DraftSessionRecord {
  if (now.runs.some(isOpen))
    throw new CorralError('RUNNING', l10n.t('This session is already running. Send it a message, or stop it first.'));
  if (!hasWorktree(now) && !isPlanned(now))
    throw new CorralError('WORKTREE_MISSING', l10n.t('The worktree of this session was removed. Restore it first.'));
  const { prompt, resumes, waitsFor, follows, attachments = [], handOver } = request;
  if (follows !== undefined && currentRun(now)?.runId !== follows)
    throw new CorralError('CONFLICT', l10n.t('This session has gone on already.'));
  return {
    kind: queuedKind(now),
    data: {
      runId,
      ordinal: nextOrdinal(now),
      prompt,
      ...(resumes === undefined ? {} : { resumes }),
      ...(waitsFor === undefined ? {} : { waitsFor }),
      ...(attachments.length === 0 ? {} : { attachments: [...attachments] }),
      ...(handOver === undefined ? {} : { handOver }),
    },
  };
}

/**
 * Starts a runner for a queued run, and resolves once a runner has claimed it. A second runner, which a window started
 * that was killed meanwhile, ends by itself.
 * @throws CorralError RUNNER_START_FAILED, WORKTREE_MISSING, SETTINGS_INVALID; the run is then recorded as failed
 */
export async function launchRun(options: RunStarterOptions, facts: SessionFacts, runId: string): Promise<LaunchedRun> {
  const { store, launcher } = options;
  const { sessionId } = facts;
  const run = store.paths.session(sessionId).run(runId);
  const settings = options.settings();
  try {
    const stored = await readBootstrap(run);
    await requireWorktree(options.git, facts.worktreePath);
    const configured = configuredEnvironment(stored.agent, settings.agents);
    const environment: Record<string, string> = { ...configured, ...stored.driverEnvironment };
    const missing = stored.environment.filter((name) => environment[name] === undefined);
    if (missing.length > 0)
      throw new CorralError(
        'SETTINGS_INVALID',
        l10n.t(
          'The setting “corral.agents” no longer gives “{agent}” these variables, with which it was queued: {names}.',
          {
            agent: stored.agent,
            names: missing.join(', '),
          },
        ),
      );
    const ordinal = facts.runs.find((run) => run.runId === runId)?.ordinal ?? stored.ordinal;
    const bootstrap: RunBootstrap = {
      ...stored,
      ordinal,
      tsFloor: tsFloorAfter(facts.lastActivityAt),
      ...(await runBudget(options, facts, stored.mcpServer !== undefined)),
      ...(await agentPlace(facts)),
      ...(stored.setup === undefined ? {} : { setup: await judgeSetup(options, facts, stored.setup) }),
      // The base of a planned worktree was not known when the run was queued.
      ...(stored.worktree === undefined ? {} : { worktree: { ...stored.worktree, baseCommit: facts.baseCommit } }),
    };
    const claim = await launcher.launch({ run, bootstrap, environment: { ...process.env, ...environment } });
    return { bootstrap, claim };
  } catch (error) {
    await failUnstarted(store, { sessionId, runId }, error);
    throw error;
  }
}

/** What the runners of all a session's runs are told alike. */
export function commonBootstrap({ store, settings }: RunStarterOptions, facts: SessionFacts, runId: string) {
  const { stopGraceMs, syncEveryEvent } = settings();
  return {
    protocol: PROTOCOL_VERSION,
    sessionId: facts.sessionId,
    runId,
    ordinal: nextOrdinal(facts),
    cwd: facts.worktreePath,
    permissionMode: facts.permissionMode,
    nonce: randomBytes(32).toString('hex'),
    tsFloor: tsFloorAfter(facts.lastActivityAt),
    storeRoot: store.paths.root,
    stopGraceMs,
    syncEveryEvent,
    ...(facts.port === undefined ? {} : { port: facts.port }),
  };
}

/**
 * Starts the worktree's teardown command as a run without an agent, which survives the window and keeps its output.
 * It does not wait in the queue.
 * @throws CorralError RUNNER_START_FAILED, WORKTREE_MISSING
 */
export async function launchTeardown(options: RunStarterOptions, facts: SessionFacts): Promise<LaunchedRun> {
  const { store, launcher } = options;
  const { teardownCommand, teardownLimitMs } = options.worktreeSettings(facts.repository);
  await requireWorktree(options.git, facts.worktreePath);
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
  const claim = await launcher.launch({ run, bootstrap, environment: process.env });
  return { bootstrap, claim };
}

function nextOrdinal({ runs }: SessionFacts): number {
  return Math.max(0, ...runs.map(({ ordinal }) => ordinal)) + 1;
}

/** Where the agent starts, and what people should know of that. In the first run, also what was not copied. */
async function agentPlace(
  facts: SessionFacts,
): Promise<Pick<RunBootstrap, 'cwd'> & Partial<Pick<RunBootstrap, 'worktreePath' | 'notices'>>> {
  const { worktreePath, subfolder, notCopied = [], runs } = facts;
  const cwd = await findAgentFolder(facts);
  const isFirst = runs.every(({ startedAt }) => startedAt === undefined);
  const notices = [
    ...(isFirst && notCopied.length > 0 ? [notCopiedNotice(notCopied)] : []),
    ...(subfolder !== undefined && cwd === worktreePath
      ? [`There is no folder ${subfolder} in this worktree, so the agent starts at its top.`]
      : []),
  ];
  return { cwd, ...(cwd === worktreePath ? {} : { worktreePath }), ...(notices.length === 0 ? {} : { notices }) };
}

/** The first time that a new run's events may have: 1 ms after the session's last record. */
export function tsFloorAfter(lastActivityAt: string): string {
  const last = Date.parse(lastActivityAt);
  return new Date(Number.isNaN(last) ? 0 : last + 1).toISOString();
}

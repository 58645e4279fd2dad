import { rm } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { readRegular } from '../../../common/disks/regularFile';
import type { AttachmentReference } from '../../../storage/attachments';
import { TEARDOWN_DRIVER } from '../../../storage/events';
import { CorralError } from '../../../storage/errors';
import { newId } from '../../../storage/ids';
import { readAttachmentFile, settleAttachments } from '../../../storage/journal/attachmentFiles';
import { makeDirectory, replaceFile } from '../../../storage/journal/durableFile';
import type { RunPaths } from '../../../storage/paths';
import type { RunFacts, SessionFacts } from '../../../storage/sessionFacts';
import { workingAgent } from '../../../storage/sessionState';
import {
  foundRunSchema,
  hostAgentSchema,
  hostRunSchema,
  nothingSchema,
  type FoundRun,
  type HostAgent,
} from '../../hostProtocol/sessionRequests';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { sbatchOptions } from '../../hosts/hostSettings';
import type { SessionStore } from '../../sessions/sessionStore';
import type { SupervisorSettings } from '../../settings';
import { runBudget } from '../budget/runBudget';
import { commonBootstrap, queuedRecord, tsFloorAfter, type RunRequest, type RunStarterOptions } from '../runStarter';
import { judgeSetup, setupFor } from '../setupCommand';
import { requireFit, requireStillFit, type FitnessOptions } from './hostFitness';
import type { OpenHost } from './hostStores';

/** host.json: all that is known of a run before its host is asked. It holds no value of the settings. */
const remoteRunSchema = v.object({ run: hostRunSchema, agent: v.omit(hostAgentSchema, ['setting']) });
type RemoteRun = v.InferOutput<typeof remoteRunSchema>;

/**
 * Records a session's next run, which its host starts.
 * `notices` are what people should know of its beginning.
 * @returns the run's id
 * @throws CorralError as `queuedRecord`
 */
export async function queueRemoteRun(
  options: RunStarterOptions,
  facts: SessionFacts,
  request: RunRequest & { notices?: readonly string[] },
): Promise<string> {
  const { store } = options;
  const { handOver, prompt, resumes, attachments = [], notices = [] } = request;
  const working = workingAgent(facts);
  const agent = handOver?.agent ?? working.name;
  const model = (handOver ?? working).model ?? options.settings().agents[agent]?.model;
  const argv = handOver === undefined ? working.argv : undefined;
  const runId = newId();
  const { sessionId } = facts;
  const paths = store.paths.session(sessionId).run(runId);
  const remote: RemoteRun = {
    run: v.parse(hostRunSchema, {
      ...commonBootstrap(options, facts, runId),
      agent,
      prompt,
      ...(model === undefined ? {} : { model }),
      ...(resumes === undefined ? {} : { resumes }),
      ...(attachments.length === 0 ? {} : { attachments: [...attachments] }),
      ...(notices.length === 0 ? {} : { notices: [...notices] }),
      ...(await setupFor(options, facts)),
    }),
    agent: { name: agent, ...(argv === undefined ? {} : { argv: [...argv] }) },
  };
  await writeRemoteRun(paths, remote);
  try {
    await store.append(sessionId, (now) => queuedRecord(now, runId, request));
  } catch (error) {
    await rm(paths.root, { recursive: true, force: true });
    throw error;
  }
  await settleAttachments(store.paths.session(sessionId), attachments);
  return runId;
}

/** Records what the session's host is told of a run of the teardown command. */
export async function recordRemoteTeardown(
  options: RunStarterOptions,
  facts: SessionFacts,
): Promise<{ runId: string; ordinal: number }> {
  const { store, worktreeSettings } = options;
  const { teardownCommand, teardownLimitMs } = worktreeSettings(facts.repository);
  const common = commonBootstrap(options, facts, newId());
  const run = v.parse(hostRunSchema, { ...common, agent: TEARDOWN_DRIVER, prompt: '', teardownLimitMs });
  await writeRemoteRun(store.paths.session(facts.sessionId).run(run.runId), {
    run,
    agent: { name: TEARDOWN_DRIVER, argv: [...teardownCommand] },
  });
  return run;
}

async function writeRemoteRun(paths: RunPaths, run: RemoteRun): Promise<void> {
  await makeDirectory(paths.root);
  await replaceFile(paths.hostRun, Buffer.from(JSON.stringify(run)));
}

/** Adds what people should know of the run's beginning. */
export async function addNotices(paths: RunPaths, notices: readonly string[]): Promise<void> {
  if (notices.length === 0) return;
  const { run, agent } = await readRemoteRun(paths);
  await writeRemoteRun(paths, { run: { ...run, notices: [...(run.notices ?? []), ...notices] }, agent });
}

export async function readRemoteRun(run: RunPaths): Promise<RemoteRun> {
  return v.parse(remoteRunSchema, JSON.parse(await readRegular(run.hostRun)));
}

/**
 * Starts a recorded run on its host, unless that has happened.
 * @throws CorralError HOST_UNREACHABLE; HOST_FAILED with what the host says, such as that the agent is not there; and
 * as `requireFit`
 */
export async function startRemoteRun(
  options: RunStarterOptions & FitnessOptions,
  host: OpenHost,
  facts: SessionFacts,
  { runId, ordinal }: Pick<RunFacts, 'runId' | 'ordinal'>,
): Promise<FoundRun> {
  const { store } = options;
  const { run, agent } = await readRemoteRun(store.paths.session(facts.sessionId).run(runId));
  const place = facts.host?.worktree;
  if (place === undefined)
    throw new CorralError('WORKTREE_MISSING', l10n.t('The worktree of this session was not made.'));
  const setup = run.setup === undefined ? undefined : await judgeSetup(options, facts, run.setup);
  if (run.teardownLimitMs === undefined) await (ordinal === 1 ? requireStillFit : requireFit)(options, host);
  await carryAttachments(store, host, facts.sessionId, run.attachments);
  const isJob = facts.host?.kind === 'slurm' && run.teardownLimitMs === undefined;
  const request: HostRequestOf<'startRun'> = {
    request: 'startRun',
    storeId: store.storeId,
    run: {
      ...run,
      ordinal,
      ...(facts.port === undefined ? {} : { port: facts.port }), // its worktree may not have been made before
      tsFloor: tsFloorAfter(facts.lastActivityAt),
      ...(run.teardownLimitMs === undefined ? await agentPart(options, facts, place.repository) : {}),
      ...(setup === undefined ? {} : { setup }),
    },
    agent: { ...agent, ...settingFor(agent.name, options.settings()) },
    worktree: { path: place.path, ...(facts.subfolder === undefined ? {} : { subfolder: facts.subfolder }) },
    ...(isJob ? { sbatch: sbatchOptions(options.hosts.settingOf(host.name)) } : {}),
  };
  return await host.connection.ask(request, foundRunSchema);
}

/** What only a runner with an agent is told. */
async function agentPart(options: RunStarterOptions, facts: SessionFacts, repository: string) {
  const { storeId } = options.store;
  return {
    worktree: { repository, storeId, baseCommit: facts.baseCommit },
    ...(await runBudget(options, facts, false)),
  };
}

/** Sends files that go with a prompt or a message to the session's host, where its runner looks for them. */
export async function carryAttachments(
  { paths, storeId }: Pick<SessionStore, 'paths' | 'storeId'>,
  { connection }: OpenHost,
  sessionId: string,
  attachments: readonly AttachmentReference[] = [],
): Promise<void> {
  for (const attachment of attachments) {
    const request: HostRequestOf<'putAttachment'> = { request: 'putAttachment', storeId, sessionId, attachment };
    const content = await readAttachmentFile(paths.session(sessionId), attachment.id);
    await connection.ask(request, nothingSchema, content);
  }
}

/** The agent's entry in `corral.agents`, which holds for its program there as well. */
export function settingFor(name: string, { agents }: SupervisorSettings): Pick<HostAgent, 'setting'> {
  const setting = Object.hasOwn(agents, name) ? agents[name] : undefined;
  if (setting?.mistake !== undefined) throw new CorralError('SETTINGS_INVALID', setting.mistake);
  return setting === undefined ? {} : { setting };
}

/** The agent as its host is told of it. */
export function hostAgentOf(
  { name, argv }: { name: string; argv?: readonly string[] | undefined },
  settings: SupervisorSettings,
): HostAgent {
  return { name, ...settingFor(name, settings), ...(argv === undefined ? {} : { argv: [...argv] }) };
}

/** @throws CorralError HOST_UNREACHABLE, or HOST_FAILED with why the host cannot run the agent */
export async function requireAgentThere(
  { connection }: OpenHost,
  wanted: Parameters<typeof hostAgentOf>[0],
  settings: SupervisorSettings,
): Promise<void> {
  const agent = hostAgentOf(wanted, settings);
  await connection.ask({ request: 'findAgent', agent } satisfies HostRequestOf<'findAgent'>, nothingSchema);
}

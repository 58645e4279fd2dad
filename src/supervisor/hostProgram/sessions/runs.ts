/** The runs of sessions that work on this host. Whoever claims a run here has it, whatever windows think. */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../../common/ifExists';
import { runWithNode } from '../../../common/processes/nodeProcess';
import { readdirIfExists } from '../../../common/readdirIfExists';
import { TEARDOWN_DRIVER } from '../../../storage/events';
import { makeDirectory, replaceFile } from '../../../storage/journal/durableFile';
import { attachmentCopy, type RunPaths } from '../../../storage/paths';
import { configuredEnvironment, parseAgentSettings, resolveAgent } from '../../agents/agentRegistry';
import { launchOf } from '../../agents/commandLine';
import { textWithPaths } from '../../agents/driver/userMessages';
import { Git } from '../../git/git';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import type { FoundRun } from '../../hostProtocol/sessionRequests';
import { findAgentFolder, requireWorktree } from '../../lifecycle/agentFolder';
import { publishGoneClaim, publishVoidClaim, readClaim } from '../../runnerProtocol/claimFile';
import { removeEndpoint } from '../../runnerProtocol/privateSocket';
import type { RunBootstrap } from '../../runnerProtocol/protocol';
import { runnerLiveness } from '../../runnerProtocol/runnerLiveness';
import { endServers, killRun } from '../../runs/killRun';
import { RunnerLauncher } from '../../runs/runnerLauncher';
import { liveness } from '../../system/identity';
import { killTree } from '../../system/processTree';
import { OWN_FOLDER } from '../ownFolder';
import { cancelJob, endJob, findJob, livenessOfJob, readJobFile } from '../slurm/jobs';
import { discardAssignment, submitRun } from '../slurm/submitRun';
import { wayToNode } from '../slurm/wayToNode';
import { storePaths } from './hostStore';
import { unpackPrograms } from './ownPrograms';

type Agent = HostRequestOf<'findAgent'>['agent'];

/** Of a job whose runner has claimed its run: what was told of it a moment ago may be older than that. */
const ENTERED_STATES = ['PENDING', 'CONFIGURING', 'RUNNING'];

/** @throws CorralError AGENT_NOT_FOUND, AGENT_UNKNOWN, SETTINGS_INVALID */
export async function findAgent({ name, setting, argv }: Agent) {
  const agents = setting === undefined ? {} : parseAgentSettings({ [name]: setting });
  return {
    agents,
    agent: await resolveAgent(name, { agents, bundles: OWN_FOLDER, ...(argv === undefined ? {} : { argv }) }),
  };
}

/**
 * Starts the run's runner, or submits the job that starts it; of several calls for one run, all get the same claim.
 * @throws CorralError RUNNER_START_FAILED, WORKTREE_MISSING, or as `findAgent`; ChannelError as `submitRun`
 */
export async function startRun(request: HostRequestOf<'startRun'>): Promise<FoundRun> {
  const { storeId, run: given, worktree } = request;
  const ids = { storeId, sessionId: given.sessionId, runId: given.runId };
  const run = pathsOf(ids);
  if ((await readClaim(run)) !== undefined || (await readJobFile(run))?.id !== undefined) return await findRun(ids);
  const storeRoot = storePaths(storeId).root;
  await requireWorktree(new Git(runWithNode), worktree.path);
  const cwd = await findAgentFolder({ worktreePath: worktree.path, ...worktree });
  await makeDirectory(run.root);
  const { program, variables } =
    given.agent === TEARDOWN_DRIVER ? teardown(request) : await agentProgram(request, run, cwd);
  const bootstrap: RunBootstrap = {
    ...given,
    ...program,
    storeRoot,
    cwd,
    ...(cwd === worktree.path ? {} : { worktreePath: worktree.path }),
  };
  const runnerPath = join(await unpackPrograms(), 'runner.js');
  const launch = { run, bootstrap, environment: { ...process.env, ...variables } };
  if (request.sbatch === undefined)
    await new RunnerLauncher({
      ...{ runnerPath, storeRoot },
      program: () => Promise.resolve(process.execPath),
    }).launch(launch);
  else await submitRun({ ...launch, runnerPath, storeRoot, runId: given.runId, options: request.sbatch });
  return await findRun(ids);
}

/** What a runner runs, and with which variables. */
interface Program {
  program: Pick<
    RunBootstrap,
    'argv' | 'driver' | 'driverEnvironment' | 'environment' | 'linePatterns' | 'promptInArguments'
  >;
  variables: Readonly<Record<string, string>>;
}

/** The worktree's teardown command, without an agent. */
function teardown({ agent: { argv = [] } }: HostRequestOf<'startRun'>): Program {
  return { program: { driver: TEARDOWN_DRIVER, argv, environment: [] }, variables: {} };
}

async function agentProgram(
  { run: given, agent: wanted, worktree }: HostRequestOf<'startRun'>,
  run: RunPaths,
  cwd: string,
): Promise<Program> {
  const { agents, agent } = await findAgent(wanted);
  const copies = (given.attachments ?? []).map(({ id }) => join(worktree.path, ...attachmentCopy(id).split('/')));
  const prompt = textWithPaths(given.prompt, copies);
  const launch = await launchOf(agent, {
    prompt,
    promptFile: run.prompt,
    cwd,
    permissionMode: given.permissionMode,
    ...(given.model === undefined ? {} : { model: given.model }),
    ...(given.resumes === undefined ? {} : { resumes: given.resumes }),
  });
  if (launch.usesPromptFile === true) await replaceFile(run.prompt, Buffer.from(prompt));
  const configured = configuredEnvironment(given.agent, agents);
  const driverEnvironment = { ...agent.environment, ...launch.environment };
  return {
    program: {
      driver: agent.driver,
      argv: launch.argv,
      environment: [...new Set([...Object.keys(configured), ...Object.keys(driverEnvironment)])],
      driverEnvironment,
      promptInArguments: launch.promptInArguments,
      ...(agent.linePatterns === undefined ? {} : { linePatterns: agent.linePatterns }),
    },
    variables: { ...configured, ...driverEnvironment },
  };
}

export async function findRun(ids: RunIds): Promise<FoundRun> {
  const run = pathsOf(ids);
  // Before the claim: of a job that has ended, no later one comes.
  const job = await findJob(run, ids.runId);
  const claim = (await readClaim(run)) ?? null;
  const found = { claim, folder: run.root, ...(job === undefined ? {} : { job }) };
  if (claim?.state !== 'claimed') return { ...found, liveness: 'dead', journalBytes: await journalBytes(run) };
  const seen = job === undefined ? await runnerLiveness(claim) : await liveness(claim.runner);
  const isElsewhere = job !== undefined && seen === 'unknown';
  return {
    ...found,
    liveness: isElsewhere ? await livenessOfJob(run, job) : seen,
    // Measured after the look at the process: what it wrote before its end is counted.
    journalBytes: await journalBytes(run),
    ...(isElsewhere && ENTERED_STATES.includes(job.state) ? { node: wayToNode(job.id) } : {}),
  };
}

async function journalBytes(run: RunPaths): Promise<number> {
  return (await ifExists(stat(run.events)))?.size ?? 0;
}

/** Gives the run up, unless a runner has claimed it. */
export async function cancelRun({ reason, ...ids }: HostRequestOf<'cancelRun'>): Promise<FoundRun> {
  const run = pathsOf(ids);
  await makeDirectory(run.root);
  if (await publishVoidClaim(run, reason)) {
    await discardAssignment(run);
    await cancelJob(run, ids.runId);
  }
  return await findRun(ids);
}

/** Ends the run's runner, and what that left where it died. @throws CorralError as `killRun`, or as `endJob` */
export async function endRun({ graceMs, ...ids }: HostRequestOf<'endRun'>): Promise<void> {
  const run = pathsOf(ids);
  const { claim, liveness: life, job } = await findRun(ids);
  if (claim?.state !== 'claimed') return;
  const isHere = job === undefined || (await liveness(claim.runner)) !== 'unknown';
  if (isHere && life !== 'dead') await killRun(run, ids.runId, graceMs);
  else if (isHere) await killTree({ runId: ids.runId, agent: claim.agent });
  if (job !== undefined) await endJob(run, ids.runId);
  await removeEndpoint(claim.endpoint, run, ids.runId);
  await rm(run.reserve, { force: true });
}

/** Ends what setup commands of the session left running. */
export async function endServersOf({ storeId, sessionId, graceMs }: HostRequestOf<'endServers'>): Promise<void> {
  const paths = storePaths(storeId).session(sessionId);
  for (const runId of await readdirIfExists(paths.runs)) await endServers(paths.run(runId), runId, graceMs);
}

/** Tells the run's runner, wherever it lives, that a person gave it up. */
export async function giveUpRun(ids: RunIds): Promise<void> {
  const run = pathsOf(ids);
  await publishGoneClaim(run);
  await cancelJob(run, ids.runId);
}

type RunIds = Pick<HostRequestOf<'findRun'>, 'storeId' | 'sessionId' | 'runId'>;

function pathsOf({ storeId, sessionId, runId }: RunIds): RunPaths {
  return storePaths(storeId).session(sessionId).run(runId);
}

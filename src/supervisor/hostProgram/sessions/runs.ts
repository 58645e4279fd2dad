/** The runs of sessions that work on this host. Whoever claims a run here has it, whatever windows think. */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../../common/ifExists';
import { makeDirectory, replaceFile } from '../../../storage/journal/durableFile';
import type { RunPaths } from '../../../storage/paths';
import { configuredEnvironment, parseAgentSettings, resolveAgent } from '../../agents/agentRegistry';
import { launchOf } from '../../agents/commandLine';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import type { FoundRun } from '../../hostProtocol/sessionRequests';
import { findAgentFolder } from '../../lifecycle/agentFolder';
import { publishVoidClaim, readClaim } from '../../runnerProtocol/claimFile';
import { removeEndpoint } from '../../runnerProtocol/privateSocket';
import type { RunBootstrap } from '../../runnerProtocol/protocol';
import { runnerLiveness } from '../../runnerProtocol/runnerLiveness';
import { killRun } from '../../runs/killRun';
import { RunnerLauncher } from '../../runs/runnerLauncher';
import { killTree } from '../../system/processTree';
import { OWN_FOLDER } from '../ownFolder';
import { storePaths } from './hostStore';
import { unpackPrograms } from './ownPrograms';

type Agent = HostRequestOf<'findAgent'>['agent'];

/** @throws CorralError AGENT_NOT_FOUND, AGENT_UNKNOWN, SETTINGS_INVALID */
export async function findAgent({ name, setting, argv }: Agent) {
  const agents = setting === undefined ? {} : parseAgentSettings({ [name]: setting });
  return {
    agents,
    agent: await resolveAgent(name, { agents, bundles: OWN_FOLDER, ...(argv === undefined ? {} : { argv }) }),
  };
}

/**
 * Starts the run's runner; of several calls for one run, all get the same claim.
 * @throws CorralError RUNNER_START_FAILED, or as `findAgent`
 */
export async function startRun(request: HostRequestOf<'startRun'>): Promise<FoundRun> {
  const { storeId, run: given, worktree } = request;
  const ids = { storeId, sessionId: given.sessionId, runId: given.runId };
  const run = pathsOf(ids);
  if ((await readClaim(run)) !== undefined) return await findRun(ids);
  const storeRoot = storePaths(storeId).root;
  const { agents, agent } = await findAgent(request.agent);
  const place = { worktreePath: worktree.path, ...worktree };
  const cwd = await findAgentFolder(place);
  const launch = await launchOf(agent, {
    prompt: given.prompt,
    promptFile: run.prompt,
    cwd,
    permissionMode: given.permissionMode,
    ...(given.model === undefined ? {} : { model: given.model }),
    ...(given.resumes === undefined ? {} : { resumes: given.resumes }),
  });
  const configured = configuredEnvironment(given.agent, agents);
  const driverEnvironment = { ...agent.environment, ...launch.environment };
  const bootstrap: RunBootstrap = {
    ...given,
    storeRoot,
    driver: agent.driver,
    argv: launch.argv,
    environment: [...new Set([...Object.keys(configured), ...Object.keys(driverEnvironment)])],
    driverEnvironment,
    promptInArguments: launch.promptInArguments,
    ...(agent.linePatterns === undefined ? {} : { linePatterns: agent.linePatterns }),
    cwd,
    ...(cwd === worktree.path ? {} : { worktreePath: worktree.path }),
  };
  await makeDirectory(run.root);
  if (launch.usesPromptFile === true) await replaceFile(run.prompt, Buffer.from(given.prompt));
  const launcher = new RunnerLauncher({
    runnerPath: join(await unpackPrograms(), 'runner.js'),
    storeRoot,
    program: () => Promise.resolve(process.execPath),
  });
  await launcher.launch({ run, bootstrap, environment: { ...process.env, ...configured, ...driverEnvironment } });
  return await findRun(ids);
}

export async function findRun(ids: RunIds): Promise<FoundRun> {
  const run = pathsOf(ids);
  const claim = (await readClaim(run)) ?? null;
  const liveness = claim?.state === 'claimed' ? await runnerLiveness(claim) : 'dead';
  // Measured after the look at the process: what it wrote before its end is counted.
  const journalBytes = (await ifExists(stat(run.events)))?.size ?? 0;
  return { claim, liveness, folder: run.root, journalBytes };
}

/** Gives the run up, unless a runner has claimed it. */
export async function cancelRun({ reason, ...ids }: HostRequestOf<'cancelRun'>): Promise<FoundRun> {
  const run = pathsOf(ids);
  await makeDirectory(run.root);
  await publishVoidClaim(run, reason);
  return await findRun(ids);
}

/** Ends the run's runner, and what that left where it died. @throws CorralError as `killRun` */
export async function endRun({ graceMs, ...ids }: HostRequestOf<'endRun'>): Promise<void> {
  const run = pathsOf(ids);
  const claim = await readClaim(run);
  if (claim?.state !== 'claimed') return;
  if ((await runnerLiveness(claim)) !== 'dead') await killRun(run, ids.runId, graceMs);
  else await killTree({ runId: ids.runId, agent: claim.agent });
  await removeEndpoint(claim.endpoint, run, ids.runId);
  await rm(run.reserve, { force: true });
}

type RunIds = Pick<HostRequestOf<'findRun'>, 'storeId' | 'sessionId' | 'runId'>;

function pathsOf({ storeId, sessionId, runId }: RunIds): RunPaths {
  return storePaths(storeId).session(sessionId).run(runId);
}

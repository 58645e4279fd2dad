/**
 * The runner, told its run on standard input, or in a file where it is a job of a cluster: it owns one agent's process,
 * whichever windows come and go.
 */
import { createReadStream } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { hasCode, messageOf } from '../../common/errors';
import { readRegular } from '../../common/disks/regularFile';
import { ifExists } from '../../common/ifExists';
import { RunPaths, StorePaths } from '../../storage/paths';
import { writeRunFilter } from '../../storage/search/runFilter';
import { ownIdentity } from '../system/identity';
import { AgentRun } from './agentRun';
import { ClaimFile, publishVoidClaim } from '../runnerProtocol/claimFile';
import { Endpoint } from './endpoint';
import type { RequestHandlers } from './endpoint';
import type { Assignment } from '../runnerProtocol/protocol';
import { assignmentSchema, bootstrapSchema, PROTOCOL_VERSION } from '../runnerProtocol/protocol';
import { Recorder } from './recorder';
import { RunHold } from '../runnerProtocol/runHold';
import { SessionMcpServer } from './mcp/sessionMcpServer';
import { requestHandlers } from './runRequests';
import { WritePause } from './writePause';

const MAINTENANCE_INTERVAL_MS = 5_000;

/** The exit code where another runner has the run. A scheduler must not take it for a run that is over. */
const CLAIMED_EXIT_CODE = 75;

/** Settles with the exit code when the run is over, or at once where another process has claimed it. */
async function main(runFolder: string, isJob: boolean): Promise<number> {
  const paths = new RunPaths(runFolder);
  const bootstrap = v.parse(bootstrapSchema, JSON.parse(await readRegular(paths.bootstrap)));
  if (bootstrap.protocol !== PROTOCOL_VERSION)
    throw new Error(`run.json has protocol ${String(bootstrap.protocol)}, this runner has ${String(PROTOCOL_VERSION)}`);

  let setHandlers: (handlers: RequestHandlers) => void = () => undefined;
  // Before the claim, so that whoever reads that can connect at once. The address is this process's own.
  const endpoint = await Endpoint.open(paths, bootstrap, new Promise((fulfil) => (setHandlers = fulfil)));
  const claimFile = await ClaimFile.publish(paths.claim, {
    state: 'claimed',
    protocol: PROTOCOL_VERSION,
    runner: await ownIdentity(),
    endpoint: endpoint.address,
    ...(endpoint.socket === undefined ? {} : { socket: endpoint.socket }),
  });
  if (claimFile === undefined) {
    await endpoint.close();
    return CLAIMED_EXIT_CODE;
  }

  const hold = new RunHold(paths, () => void giveUp(run, endpoint));
  const recorder = await Recorder.open(paths, bootstrap, {
    announce: (bytes, seq) => endpoint.announce(bytes, seq),
    onPaused: (error) => run.setPaused('journal', error),
    mayWrite: hold.mayWrite,
  });
  const pause = new WritePause((current) => endpoint.announcePause(current));
  const run = new AgentRun(paths, bootstrap, claimFile, recorder, pause);
  setHandlers(requestHandlers(run, { claimFile, recorder, pause, hold, bootstrap }));
  // Unlike the two signals above, this one comes at a logout or a shutdown.
  process.on('SIGTERM', () => run.requestEnd('shutdown'));
  if (isJob) process.on('SIGUSR1', () => run.noteTimeLimit());
  // The agent's work must not end for a fault of the runner.
  process.on('uncaughtException', (error) => run.recordError(error));
  process.on('unhandledRejection', (error) => run.recordError(error));
  const maintenance = setInterval(
    () => void maintain(paths, new StorePaths(bootstrap.storeRoot), { run, claimFile, endpoint, hold }),
    MAINTENANCE_INTERVAL_MS,
  );

  const mcpServer = await SessionMcpServer.open(paths, bootstrap, (sessions) => run.setWaitingFor(sessions));
  await run.complete();
  await mcpServer?.close();
  await recorder.close();
  await run.finishLog();
  clearInterval(maintenance);
  await endpoint.close();
  await writeRunFilter(paths).catch(() => undefined); // the next search builds it
  if (isJob) return 0; // else the cluster's nodes would be held for a server of the worktree
  // A server of the worktree would die of its closed output.
  const erasure = setInterval(
    () => void exitIfErased(paths, new StorePaths(bootstrap.storeRoot)),
    MAINTENANCE_INTERVAL_MS,
  );
  await run.commands.serversEnded;
  clearInterval(erasure);
  return 0;
}

async function exitIfErased(paths: RunPaths, store: StorePaths): Promise<void> {
  if (await isErased(paths, store)) process.exit(0);
}

/** Repairs what others may remove meanwhile, and ends the run where its session was erased. */
async function maintain(
  paths: RunPaths,
  store: StorePaths,
  { run, claimFile, endpoint, hold }: { run: AgentRun; claimFile: ClaimFile; endpoint: Endpoint; hold: RunHold },
): Promise<void> {
  // Nobody could see or stop an erased run any more.
  if (await isErased(paths, store)) await giveUp(run, endpoint);
  if (!(await hold.check())) return; // it gives up already
  await endpoint.ensureListening().catch(() => undefined); // tried again next time
  await claimFile.setSocket(endpoint.socket);
  await claimFile.keep();
}

/** Ends the agent and this process without a record. */
async function giveUp(run: AgentRun, endpoint: Endpoint): Promise<never> {
  await run.abandon();
  await endpoint.close();
  process.exit(1);
}

/** False where the whole store is out of reach: its drive may come back. */
async function isErased(paths: RunPaths, store: StorePaths): Promise<boolean> {
  const isGone = async (): Promise<boolean> =>
    await stat(paths.root).then(
      () => false,
      (error: unknown) => hasCode(error, 'ENOENT'),
    );
  if (!(await isGone())) return false;
  const isStoreThere = await readFile(store.storeFile).then(
    () => true,
    () => false,
  );
  return isStoreThere && (await isGone()); // the drive may have come back just before the store was read
}

/** Undefined where the window went away, or has no run for this process after all. */
async function readAssignment(): Promise<Assignment | undefined> {
  // Closed, its number would be the next file's, and programs started from here could get that as their input.
  const told = await text(createReadStream('', { fd: 0, autoClose: false }));
  return told === '' ? undefined : parseAssignment(told);
}

/** What a job is told. Undefined where another job has read it before, and has the run. */
async function takeAssignment(path: string): Promise<Assignment | undefined> {
  const told = await ifExists(readRegular(path));
  if (told === undefined) return undefined;
  await rm(path);
  const assignment = parseAssignment(told);
  // Only the scheduler knows what it gave to the job.
  return { ...assignment, environment: { ...definedOf(process.env), ...assignment.environment } };
}

function parseAssignment(told: string): Assignment {
  return v.parse(v.pipe(v.string(), v.parseJson(), assignmentSchema), told);
}

function definedOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

async function start(): Promise<number> {
  // A terminal or an editor that goes away is no reason to end.
  process.on('SIGHUP', () => undefined);
  process.on('SIGINT', () => undefined);
  const file = process.argv[3];
  // The scheduler can send it before the run has begun, and Node would open a debugger.
  if (file !== undefined) process.on('SIGUSR1', () => undefined);
  const assignment = file === undefined ? await readAssignment() : await takeAssignment(file);
  if (assignment === undefined) return file === undefined ? 0 : CLAIMED_EXIT_CODE;
  const { runFolder, environment } = assignment;
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
  return await main(runFolder, file !== undefined).catch(async (error: unknown) => {
    // This process has no output. Where the run is not claimed yet, the claim says why it was given up.
    await publishVoidClaim(new RunPaths(runFolder), messageOf(error)).catch(() => undefined);
    throw error;
  });
}

start().then(
  (exitCode) => process.exit(exitCode),
  () => process.exit(1),
);

import * as l10n from '@vscode/l10n';
import type { Log } from '../../../common/log';
import { CorralError } from '../../../storage/errors';
import type { HostConnection } from '../../system/hostConnection';
import type { ProcessIdentity } from '../../system/identitySchema';
import { sbatchOptions } from '../hostSettings';
import type { HostCheck, HostTestReport } from '../hostsApi';
import type { AskPerson } from '../../system/hostConnection';
import type { ReconnectingHost } from '../reconnectingHost';
import type { ReachedHost } from '../transport/transportErrors';
import { whileConnected, type ConnectedOptions } from '../whileConnected';
import {
  bytesToSend,
  checkAgents,
  checkBytes,
  checkClock,
  checkDetached,
  checkDisk,
  checkGit,
  checkNode,
  checkSlurm,
} from './hostChecks';

const ECHO_LIMIT_MS = 60_000;
const SBATCH_LIMIT_MS = 60_000;
/** The process that should go on ends by itself where nobody comes back for it. */
const CHILD_LIFE_MS = 5 * 60_000;

export interface HostTestOptions extends ConnectedOptions {
  /** What is being done, in a few words. */
  onProgress?: (step: string) => void;
}

/**
 * Tries on a host what a session needs, over two connections: what the first one started is looked for by the second.
 * @throws CorralError `HOST_…` where there is no connection, or it is lost
 */
export async function testHost(
  host: ReachedHost,
  { onProgress, ask, ...options }: HostTestOptions & { bundles: string; log: Log },
): Promise<HostTestReport> {
  const asking = ask === undefined ? undefined : rememberAnswers(ask);
  const connected = async <T>(action: (connection: ReconnectingHost) => Promise<T>): Promise<T> =>
    await whileConnected(host, asking === undefined ? options : { ...options, ask: asking() }, action);
  onProgress?.(l10n.t('connecting'));
  const startMs = performance.now();
  const { connectMs, roundTripMs, facts, differenceMs, bytes, begun, printed } = await connected(async (connection) => {
    const connectMs = Math.round(performance.now() - startMs);
    onProgress?.(l10n.t('looking at the host'));
    const askedMs = Date.now();
    const facts = await connection.probe(host.setting.git ?? 'git');
    // The host read its clock at some time between question and answer.
    const nearest = Math.min(Math.max(facts.clockMs, askedMs), Date.now());
    const { slurm } = host.setting;
    const begun =
      slurm !== undefined ? await trySbatch(connection, host) : await startChild(connection, facts.node.path);
    const { printed } = connection;
    const roundTripMs = await measureRoundTrip(connection, facts.home);
    onProgress?.(l10n.t('sending bytes there and back'));
    const bytes = await checkEcho(connection); // last, since it may be the end of the link
    return { connectMs, roundTripMs, facts, differenceMs: facts.clockMs - nearest, bytes, begun, printed };
  });
  let runs = begun;
  if (!('name' in runs)) {
    onProgress?.(l10n.t('connecting again'));
    const child = runs;
    runs = checkDetached(await connected(async (connection) => await endChild(connection, child)));
  }
  const checks: HostCheck[] = [
    { name: 'connection', state: 'passed', found: l10n.t('made in {connectMs} ms', { connectMs }) },
    checkNode(facts),
    checkGit(facts),
    checkAgents(facts),
    bytes,
    runs,
    checkClock(differenceMs),
    checkDisk(facts),
  ];
  return {
    host: host.name,
    testedAt: new Date().toISOString(),
    hostName: facts.hostName,
    connectMs,
    roundTripMs,
    usable: checks.every(({ state }) => state !== 'failed'),
    checks,
    agents: facts.agents.flatMap(({ missing, ...agent }) => (missing === undefined ? [agent] : [])),
    cores: facts.cores,
    memory: { bytes: facts.memoryBytes, freeBytes: facts.freeMemoryBytes },
    disk: facts.disk,
    printed,
  };
}

/**
 * Whether a process that one connection started is seen by `other` once that one is closed.
 * @throws CorralError as `testHost`
 */
export async function outlivesConnection(
  host: ReachedHost,
  other: HostConnection,
  nodePath: string,
  options: { bundles: string; log: Log },
): Promise<boolean> {
  const child = await whileConnected(host, options, async (connection) => await startChild(connection, nodePath));
  return await endChild(other, child);
}

async function startChild(connection: HostConnection, nodePath: string): Promise<ProcessIdentity> {
  return await connection.startDetached([nodePath, '-e', `setTimeout(() => {}, ${String(CHILD_LIFE_MS)})`]);
}

/** False where it does not live any more. */
async function endChild(connection: HostConnection, child: ProcessIdentity): Promise<boolean> {
  if ((await connection.liveness(child)) !== 'alive') return false;
  await connection.run(['kill', String(child.pid)]);
  return true;
}

/** For each connection of a test: what a person answered for an earlier one is not asked again, unless it is wrong. */
function rememberAnswers(ask: AskPerson): () => AskPerson {
  const answers = new Map<string, string>();
  return () => {
    const known = new Map(answers);
    return async (prompt, signal) => {
      const answer = known.get(prompt) ?? (await ask(prompt, signal));
      known.delete(prompt);
      if (answer !== undefined) answers.set(prompt, answer);
      return answer;
    };
  };
}

async function measureRoundTrip(connection: ReconnectingHost, path: string): Promise<number> {
  const startMs = performance.now();
  await connection.stat(path);
  return Math.round(performance.now() - startMs);
}

/** Asks the scheduler whether it would take a job with these options. */
async function trySbatch(connection: HostConnection, { setting }: ReachedHost): Promise<HostCheck> {
  const { exitCode, stderr } = await connection.run(['sbatch', '--test-only', ...sbatchOptions(setting)], {
    input: '#!/bin/sh\n',
    timeoutMs: SBATCH_LIMIT_MS,
  });
  return checkSlurm(exitCode, stderr);
}

async function checkEcho(connection: ReconnectingHost): Promise<HostCheck> {
  const sent = bytesToSend();
  const startMs = performance.now();
  const options = { input: sent, timeoutMs: ECHO_LIMIT_MS, maxOutputBytes: 2 * sent.length };
  try {
    const { stdout } = await connection.run(['cat'], options);
    return checkBytes(sent, stdout, Math.round(performance.now() - startMs));
  } catch (error) {
    // Changed bytes can be no frames of the link any more. Where it was cut instead, the next connection tells.
    if (!(error instanceof CorralError && error.code === 'HOST_UNREACHABLE')) throw error;
    return checkBytes(sent, Buffer.alloc(0), Math.round(performance.now() - startMs));
  }
}

import * as l10n from '@vscode/l10n';
import type { Log } from '../../../common/log';
import type { HostConnection } from '../../system/hostConnection';
import type { ProcessIdentity } from '../../system/identitySchema';
import type { HostCheck, HostTestReport } from '../hostsApi';
import { openConnection } from '../openConnection';
import type { ReconnectingHost } from '../reconnectingHost';
import type { ReachedHost } from '../transport/transportErrors';
import {
  bytesToSend,
  checkAgents,
  checkBytes,
  checkClock,
  checkDetached,
  checkDisk,
  checkGit,
  checkNode,
} from './hostChecks';

const ECHO_LIMIT_MS = 60_000;
/** The process that should go on ends by itself where nobody comes back for it. */
const CHILD_LIFE_MS = 5 * 60_000;

export interface HostTestOptions {
  /** Whether a person asked for the test, so that ssh may ask for a password. */
  mayAsk?: boolean;
  signal?: AbortSignal;
  /** What is being done, in a few words. */
  onProgress?: (step: string) => void;
}

/**
 * Tries on a host what a session needs, over two connections: what the first one started is looked for by the second.
 * @throws CorralError `HOST_…` where there is no connection, or it is lost
 */
export async function testHost(
  host: ReachedHost,
  { bundles, log, mayAsk = false, signal, onProgress }: HostTestOptions & { bundles: string; log: Log },
): Promise<HostTestReport> {
  const connected = async <T>(action: (connection: ReconnectingHost) => Promise<T>): Promise<T> =>
    await whileConnected(host, { bundles, log, mayAsk, signal }, action);
  onProgress?.(l10n.t('connecting'));
  const startMs = performance.now();
  const { connectMs, facts, differenceMs, bytes, child, printed } = await connected(async (connection) => {
    const connectMs = Math.round(performance.now() - startMs);
    onProgress?.(l10n.t('looking at the host'));
    const askedMs = Date.now();
    const facts = await connection.probe(host.setting.git ?? 'git');
    // The host read its clock at some time between question and answer.
    const nearest = Math.min(Math.max(facts.clockMs, askedMs), Date.now());
    const child = await startChild(connection, facts.node.path);
    onProgress?.(l10n.t('sending bytes there and back'));
    const bytes = await checkEcho(connection);
    return { connectMs, facts, differenceMs: facts.clockMs - nearest, bytes, child, printed: connection.printed };
  });
  onProgress?.(l10n.t('connecting again'));
  const isAlive = await connected(async (connection) => {
    return await endChild(connection, child);
  });
  const checks: HostCheck[] = [
    { name: 'connection', state: 'passed', found: l10n.t('made in {connectMs} ms', { connectMs }) },
    checkNode(facts),
    checkGit(facts),
    checkAgents(facts),
    bytes,
    checkDetached(isAlive),
    checkClock(differenceMs),
    checkDisk(facts),
  ];
  return {
    host: host.name,
    testedAt: new Date().toISOString(),
    hostName: facts.hostName,
    connectMs,
    usable: checks.every(({ state }) => state !== 'failed'),
    checks,
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
  const child = await whileConnected(
    host,
    { ...options, mayAsk: false, signal: undefined },
    async (connection) => await startChild(connection, nodePath),
  );
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

/** Closes the connection afterwards, and at once where the test is cancelled. */
async function whileConnected<T>(
  host: ReachedHost,
  { signal, ...options }: { bundles: string; log: Log; mayAsk: boolean; signal: AbortSignal | undefined },
  action: (connection: ReconnectingHost) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const connection = await openConnection(host, options);
  const cancel = (): void => connection.close();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const state = await connection.reconnectNow();
    signal?.throwIfAborted();
    if (state.kind === 'unreachable') throw state.error;
    return await action(connection);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    connection.close();
  }
}

async function checkEcho(connection: ReconnectingHost): Promise<HostCheck> {
  const sent = bytesToSend();
  const startMs = performance.now();
  const { stdout } = await connection.run(['cat'], {
    input: sent,
    timeoutMs: ECHO_LIMIT_MS,
    maxOutputBytes: 2 * sent.length,
  });
  return checkBytes(sent, stdout, Math.round(performance.now() - startMs));
}

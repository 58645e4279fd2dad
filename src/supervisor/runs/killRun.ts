import * as l10n from '@vscode/l10n';
import { setTimeout as delay } from 'node:timers/promises';
import { CorralError } from '../../storage/errors';
import type { RunPaths } from '../../storage/paths';
import { readClaim } from '../runnerProtocol/claimFile';
import { runnerLiveness } from '../runnerProtocol/runnerLiveness';
import { liveness } from '../system/identity';
import type { ProcessIdentity } from '../system/identitySchema';
import type { ProcessEntry } from '../system/processTable';
import { killTree, listTree, setupMark, signalProcesses, stillAlive } from '../system/processTree';
import type { RunTree } from '../system/processTree';

const END_LIMIT_MS = 5_000;
const POLL_MS = 50;

/**
 * Ends a run whose runner does not answer, by its processes: the runner at once, and those of the agent after
 * `graceMs`. Only processes whose recorded identity still holds, or that carry the run's id, are signalled.
 * @throws CorralError RUNNER_UNREACHABLE where the runner's process is out of sight, TIMEOUT where processes survive
 */
export async function killRun(run: RunPaths, runId: string, graceMs = 0): Promise<void> {
  const claim = await readClaim(run);
  if (claim?.state !== 'claimed')
    throw new CorralError('RUNNER_UNREACHABLE', l10n.t('This run is just starting. Try again in a moment.'));
  const { runner, agent } = claim;
  const life = await runnerLiveness(claim);
  // The runner first: otherwise it would record the agent's death as the agent's own end.
  if (life === 'alive') killProcess(runner.pid);
  const tree = { runId, agent };
  const survivors = await killTree(tree, graceMs > 0 ? await terminate(tree, graceMs) : []);
  if (life === 'unknown')
    throw new CorralError(
      'RUNNER_UNREACHABLE',
      l10n.t(
        'This run is on another machine or in another container ({host}) and does not answer. Kill it there, or use “Mark as Gone…” where you know that it is gone.',
        { host: runner.host },
      ),
    );
  const left = (await outlives(runner, END_LIMIT_MS)) ? [runner, ...survivors] : survivors;
  if (left.length > 0) {
    const pids = left.map(({ pid }) => pid).join(', ');
    throw new CorralError('TIMEOUT', l10n.t('Some processes of this run could not be ended: {pids}.', { pids }));
  }
}

/** Ends what the setup command of a run left running, after `graceMs` by force. */
export async function endServers(run: RunPaths, runId: string, graceMs: number): Promise<void> {
  const claim = await readClaim(run).catch(() => undefined);
  const tree = { runId: setupMark(runId), agent: undefined, servers: claim?.state === 'claimed' ? claim.servers : [] };
  if ((await listTree(tree)).length > 0) await killTree(tree, await terminate(tree, graceMs));
}

/** A killed process takes a moment to go. */
async function outlives(process: ProcessIdentity, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while ((await liveness(process)) === 'alive') {
    if (performance.now() >= end) return true;
    await delay(POLL_MS);
  }
  return false;
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended just now, or runs as another user. The caller looks again.
  }
}

/** Asks the agent's processes to end, also those that are stopped. Gives all that there were. */
async function terminate(tree: RunTree, graceMs: number): Promise<ProcessEntry[]> {
  const known = await listTree(tree);
  if (process.platform === 'win32') return known;
  await signalProcesses(known, 'SIGTERM');
  await signalProcesses(known, 'SIGCONT');
  const end = performance.now() + graceMs;
  while (performance.now() < end && (await stillAlive(known)).length > 0) await delay(POLL_MS);
  return known;
}

import { CorralError } from '../../storage/errors';
import type { RunPaths } from '../../storage/paths';
import { liveness } from '../system/identity';
import { killTree } from '../system/processTree';
import { readClaim } from '../runnerProtocol/claimFile';

/**
 * Kills a run whose runner does not answer: the agent's processes, then the runner itself, so that nothing of it writes
 * any more. Only processes whose recorded identity still holds are signalled. Throws RUNNER_UNREACHABLE where that cannot be known.
 */
export async function killRun(run: RunPaths, runId: string): Promise<void> {
  const claim = await readClaim(run);
  if (claim?.state !== 'claimed')
    throw new CorralError('RUNNER_UNREACHABLE', 'This run is only just starting. Try again in a moment.');
  if ((await liveness(claim.runner)) === 'unknown') {
    throw new CorralError(
      'RUNNER_UNREACHABLE',
      `This run lives on another machine or in another container (${claim.runner.host}). Kill it there.`,
    );
  }
  const runner = (await liveness(claim.runner)) === 'alive' ? claim.runner : undefined;
  // The runner first: it would take the agent's death for the agent's own end.
  if (runner !== undefined) process.kill(runner.pid, 'SIGKILL');
  const left = await killTree({ runId, agent: claim.agent });
  if (left.length > 0)
    throw new CorralError(
      'TIMEOUT',
      `Some processes of this run could not be ended: ${left.map(({ pid }) => pid).join(', ')}.`,
    );
}

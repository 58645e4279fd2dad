import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import type { RunPaths } from '../../storage/paths';
import { readClaim } from '../runnerProtocol/claimFile';
import { liveness } from '../system/identity';
import { killTree } from '../system/processTree';

/**
 * Kills a run whose runner does not answer: the runner and the agent's processes.
 * Only processes whose recorded identity still holds are signalled.
 * @throws CorralError RUNNER_UNREACHABLE where that cannot be known, TIMEOUT where processes survive
 */
export async function killRun(run: RunPaths, runId: string): Promise<void> {
  const claim = await readClaim(run);
  if (claim?.state !== 'claimed')
    throw new CorralError('RUNNER_UNREACHABLE', l10n.t('This run is just starting. Try again in a moment.'));
  const { runner, agent } = claim;
  const life = await liveness(runner);
  if (life === 'unknown')
    throw new CorralError(
      'RUNNER_UNREACHABLE',
      l10n.t('This run is on another machine or in another container ({host}). Kill it there.', { host: runner.host }),
    );
  // The runner first: otherwise it would record the agent's death as the agent's own end.
  if (life === 'alive') process.kill(runner.pid, 'SIGKILL');
  const survivors = await killTree({ runId, agent });
  if (survivors.length > 0) {
    const pids = survivors.map(({ pid }) => pid).join(', ');
    throw new CorralError('TIMEOUT', l10n.t('Some processes of this run could not be ended: {pids}.', { pids }));
  }
}

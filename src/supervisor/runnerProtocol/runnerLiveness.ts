import type { Liveness } from '../system/identity';
import { liveness } from '../system/identity';
import { isSocketDead } from '../system/socketEvidence';
import type { HeldClaim } from './claimFile';

/** Whether the runner of a claim still runs. Where its process cannot be looked at, its socket may prove its death. */
export async function runnerLiveness({ runner, endpoint, socket }: HeldClaim): Promise<Liveness> {
  const life = await liveness(runner);
  if (life !== 'unknown' || socket === undefined) return life;
  return (await isSocketDead(endpoint, socket)) ? 'dead' : 'unknown';
}

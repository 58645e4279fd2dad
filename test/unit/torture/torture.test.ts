/** The short form of `npm run torture`: a few rounds of each scenario, with one seed: what no change broke is not to fail on another day. */
import { describe, it } from 'mocha';
import { clock } from '../../torture/clock';
import { damages } from '../../torture/damage';
import { canMount, fullDisk } from '../../torture/fullDisk';
import { kills } from '../../torture/kills';
import { peers } from '../../torture/peers';
import { powerLoss } from '../../torture/powerLoss';
import { Random } from '../../torture/random';
import type { Scenario } from '../../torture/scenario';
import { skip } from '../../support/skip';

const SEED = 20_779;

const SCENARIOS: Record<string, { scenario: Scenario; rounds: number; seconds?: number; isPossible?: () => boolean }> =
  {
    'kill -9 of the host, a runner and both': { scenario: kills, rounds: 3 },
    'a power loss at any moment': { scenario: powerLoss, rounds: 10 },
    'three windows that write at once and are killed': { scenario: peers, rounds: 1, seconds: 3 },
    'damage to any file': { scenario: damages, rounds: 16 },
    'a full disk': { scenario: fullDisk, rounds: 1, isPossible: canMount },
    'a clock that steps back': { scenario: clock, rounds: 1 },
  };

describe('the store survives', function () {
  this.timeout(300_000);
  if (process.platform === 'win32') return; // kills and recorders here are made for POSIX
  for (const [name, { scenario, rounds, seconds = 0, isPossible }] of Object.entries(SCENARIOS)) {
    it(name, async function () {
      if (isPossible?.() === false) skip(this, 'a small file system of its own cannot be mounted here');
      await scenario({ random: new Random(SEED), rounds, seconds, say: () => undefined });
    });
  }
});

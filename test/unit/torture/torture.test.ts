/** The short form of `npm run torture`: a few rounds of each scenario. A fixed seed has it fail only after a change. */
import { it } from 'mocha';
import { clock } from '../../torture/clock';
import { damages } from '../../torture/damage';
import { canMount, fullDisk } from '../../torture/fullDisk';
import { kills } from '../../torture/kills';
import { peers } from '../../torture/peers';
import { powerLoss } from '../../torture/powerLoss';
import { Random } from '../../support/random';
import type { Scenario } from '../../torture/scenario';
import { describeIf, skip } from '../../support/skip';

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

describeIf(process.platform !== 'win32', 'kills and recorders need POSIX', 'the store survives', function () {
  this.timeout(300_000);
  for (const [name, { scenario, rounds, seconds = 0, isPossible }] of Object.entries(SCENARIOS)) {
    it(name, async function () {
      if (isPossible?.() === false) skip(this, 'this user cannot mount a file system');
      await scenario({ random: new Random(SEED), rounds, seconds, say: () => undefined });
    });
  }
});

/**
 * `npm run torture [-- <scenario>…] [--seed=N] [--rounds=N] [--minutes=N]` breaks the store in every known way and
 * fails if anything is lost. With `--minutes` it goes on with further seeds until the time is over.
 */
import { inspect, parseArgs } from 'node:util';
import { Random } from '../support/random';
import type { Scenario } from './scenario';
import { clock } from './clock';
import { damages } from './damage';
import { fullDisk } from './fullDisk';
import { kills } from './kills';
import { peers } from './peers';
import { powerLoss } from './powerLoss';
import { spares } from './spares';

/** The scenarios with the rounds, or the seconds, of the long form. */
const SCENARIOS: Record<string, { scenario: Scenario; rounds: number; seconds: number }> = {
  kills: { scenario: kills, rounds: 300, seconds: 0 },
  spares: { scenario: spares, rounds: 200, seconds: 0 },
  peers: { scenario: peers, rounds: 1, seconds: 60 },
  fullDisk: { scenario: fullDisk, rounds: 3, seconds: 0 },
  clock: { scenario: clock, rounds: 3, seconds: 0 },
  damages: { scenario: damages, rounds: 2_000, seconds: 0 },
  powerLoss: { scenario: powerLoss, rounds: 300, seconds: 0 },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, rounds: { type: 'string' }, minutes: { type: 'string' } },
});
const names = positionals.length > 0 ? positionals : Object.keys(SCENARIOS);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000);
const endMs = values.minutes === undefined ? undefined : performance.now() + Number(values.minutes) * 60_000;

async function main(): Promise<void> {
  for (let seed = firstSeed; ; seed++) {
    for (const name of names) {
      const chosen = SCENARIOS[name];
      if (chosen === undefined)
        throw new Error(`There is no scenario ${name}: they are ${Object.keys(SCENARIOS).join(', ')}`);
      say(`── ${name}, seed ${seed} ──`);
      const startMs = performance.now();
      const rounds = Number(values.rounds ?? chosen.rounds);
      say(
        `${await chosen.scenario({ random: new Random(seed), rounds, seconds: chosen.seconds, say })} (${Math.round((performance.now() - startMs) / 1_000)} s)`,
      );
    }
    if (endMs === undefined || performance.now() > endMs) return;
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say(inspect(error));
    process.exit(1);
  },
);

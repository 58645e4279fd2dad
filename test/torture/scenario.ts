import type { Random } from '../support/random';

export interface ScenarioOptions {
  random: Random;
  /** Number of kills, crashes or damaged files. */
  rounds: number;
  /** Duration of a scenario that runs by time. */
  seconds: number;
  say: (line: string) => void;
}

/** Breaks the store repeatedly and rejects if anything was lost. Resolves with one line of figures on what it did. */
export type Scenario = (options: ScenarioOptions) => Promise<string>;

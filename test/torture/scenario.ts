/** What every scenario is given and gives back. */
import type { Random } from './random';

export interface ScenarioOptions {
  random: Random;
  /** How many times: kills, crash points, cases. */
  rounds: number;
  /** How long, where a scenario goes by time. */
  seconds: number;
  say: (line: string) => void;
}

/** Breaks something again and again and throws where anything was lost. Resolves with what it did, in one line of figures. */
export type Scenario = (options: ScenarioOptions) => Promise<string>;

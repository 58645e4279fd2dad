import type { Log } from '../common/log';
import type { KeptValues } from './hosts/keptReports';
import {
  DEFAULT_SETTINGS,
  DEFAULT_WORKTREE_SETTINGS,
  type SupervisorSettings,
  type WorktreeSettings,
} from './settings';

/** After a crash, so much of the journals has to be read again. */
const CHECKPOINT_DELAY_MS = 30_000;

const SILENCE_LIMIT_MS = 60_000;
/** An agent meets a limit that is not over within seconds. */
const LIMIT_STAGGER_MS = 10_000;

const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What whoever makes a `Supervisor` chooses. */
export interface SupervisorOptions {
  /** The store's root; made where it does not exist. */
  storageDirectory: string;
  /** Find out at the start what became of open runs. Default true. */
  autoRecover?: boolean;
  /** False leaves it to others to start what waits in the queue. Default true. */
  startsRuns?: boolean;
  /** The folder of Corral's bundles (`runner.js`, `storeWorker.js`, …). Default: that of this code. */
  bundles?: string;
  settings?: () => SupervisorSettings;
  /** The settings for worktrees of the repository with this main worktree. Another repository's never count. */
  worktreeSettings?: (repository: string) => WorktreeSettings;
  /** How long the index on disk may be out of date, in milliseconds. The next start takes longer for it. */
  checkpointEveryMs?: number;
  /**
   * How long a run must not have answered, in milliseconds, before it gives up its place in the queue and can be marked
   * as gone. Default one minute.
   */
  silenceLimitMs?: number;
  /** How long sessions of one account stay apart that go on after a usage limit, in milliseconds. Default 10 s. */
  limitStaggerMs?: number;
  /** Where what tests of hosts found is kept. Default: until the end of this process. */
  keptValues?: KeptValues;
  /** False refuses everything that would start a program. Default true. */
  isTrusted?: () => boolean;
  log?: Log;
}

export function withDefaults(options: SupervisorOptions): Required<SupervisorOptions> {
  const values = new Map<string, unknown>();
  return {
    autoRecover: true,
    startsRuns: true,
    checkpointEveryMs: CHECKPOINT_DELAY_MS,
    silenceLimitMs: SILENCE_LIMIT_MS,
    limitStaggerMs: LIMIT_STAGGER_MS,
    bundles: __dirname,
    settings: () => DEFAULT_SETTINGS,
    worktreeSettings: () => DEFAULT_WORKTREE_SETTINGS,
    keptValues: { get: (key) => values.get(key), update: (key, value) => Promise.resolve(void values.set(key, value)) },
    isTrusted: () => true,
    log: SILENT,
    ...options,
  };
}

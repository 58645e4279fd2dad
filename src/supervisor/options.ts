import type { Log } from '../common/log';
import { DEFAULT_SETTINGS, type SupervisorSettings } from './settings';

/** A crash in between costs reading so much of the journals again. */
const CHECKPOINT_DELAY_MS = 30_000;

const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What the program that holds a `Supervisor` chooses. */
export interface SupervisorOptions {
  /** The store's root; made where it is not there. */
  storageDirectory: string;
  /** Find out at start what became of runs that other windows or earlier lives left open. Default true. */
  autoRecover?: boolean;
  /** The folder of Corral's bundles (`runner.js`, `storeWorker.js`, …). Default: where this code lies. */
  bundles?: string;
  settings?: () => SupervisorSettings;
  /** How long the index may lie behind on disk, in milliseconds; only the time of the next start depends on it. */
  checkpointEveryMs?: number;
  /** False refuses everything that would start a program. Default true. */
  isTrusted?: () => boolean;
  log?: Log;
}

export function withDefaults(options: SupervisorOptions): Required<SupervisorOptions> {
  return {
    autoRecover: true,
    checkpointEveryMs: CHECKPOINT_DELAY_MS,
    bundles: __dirname,
    settings: () => DEFAULT_SETTINGS,
    isTrusted: () => true,
    log: SILENT,
    ...options,
  };
}

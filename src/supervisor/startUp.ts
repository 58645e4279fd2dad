import { messageOf } from '../storage/errors';
import { isOpen } from '../storage/sessionFacts';
import type { RecoveryReport } from './api';
import { mapLimited } from './mapLimited';
import type { RunWatcher } from './runWatcher';
import type { SessionModel } from './sessionModel';
import type { SessionStore } from './sessionStore';
import type { Log } from './settings';

/** Sessions looked at side by side; more would only make the disk seek. */
const PARALLEL = 4;

export interface StartUpOptions {
  store: SessionStore;
  model: SessionModel;
  log: Log;
}

/** Runs `action` for each session; one bad session never stops another. */
export async function forEachSession(
  { model, log }: StartUpOptions,
  doing: string,
  ids: readonly string[],
  action: (id: string) => Promise<unknown>,
): Promise<void> {
  await mapLimited(ids, PARALLEL, async (id) => {
    await action(id).catch((error: unknown) => {
      log.error(`${doing} session ${id}: ${messageOf(error)}`);
    });
    model.setLive(id, { ...model.live(id), checking: false });
  });
}

/** Brings in what was written while nobody here looked. */
export async function scanJournals(options: StartUpOptions): Promise<void> {
  const { store, log } = options;
  await store.listen();
  await mapLimited(await store.index.findStale(), PARALLEL, async (id) => {
    await store.sync(id).catch((error: unknown) => {
      log.error(`Reading session ${id}: ${messageOf(error)}`);
    });
  });
}

/** Finds out what became of every run that was not seen to end. */
export async function recoverRuns(options: StartUpOptions, watcher: RunWatcher): Promise<RecoveryReport> {
  const { model } = options;
  const report: RecoveryReport = { readopted: [], endedWhileAway: [], unreachable: [], restored: [], failed: [] };
  await forEachSession(options, 'Looking after', model.ids(), async (id) => {
    for (const { runId } of model.facts(id).runs.filter(isOpen)) {
      const resolution = await watcher.look(id, runId);
      if (resolution === undefined) report.failed.push(id);
      else if (resolution.kind === 'readopted') report.readopted.push(id);
      else if (resolution.kind === 'ended') report.endedWhileAway.push(id);
      else if (resolution.kind === 'unreachable') report.unreachable.push(id);
      else if (resolution.kind === 'closed') (resolution.restored ? report.restored : report.failed).push(id);
    }
  });
  return report;
}

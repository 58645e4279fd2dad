/** kill -9 of the window's process, of runners or of both, at random moments under load. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { readClaim } from '../../src/supervisor/runnerProtocol/claimFile';
import { sendSignal } from '../support/processes';
import { waitFor } from '../support/wait';
import { checkDatabases, readRuns } from './journals';
import { loadArguments } from './load';
import type { Scenario } from './scenario';
import type { WindowProcess } from './window/windowProcess';
import { TortureFixture } from './tortureFixture';

const KILLS_PER_STORE = 6;
const LINES = 3_000;
const SESSIONS = 2;
/** A kill comes at most this long after new events. */
const MAX_DELAY_MS = 400;
const VICTIMS = ['host', 'runner', 'both'] as const;

async function runnerPids(fixture: TortureFixture): Promise<number[]> {
  const pids: number[] = [];
  for (const sessionId of await fixture.sessionIds()) {
    for (const [runId, { hasExited }] of await readRuns(fixture.paths, sessionId)) {
      const claim = await readClaim(fixture.paths.session(sessionId).run(runId));
      if (claim?.state === 'claimed' && !hasExited) pids.push(claim.runner.pid);
    }
  }
  return pids;
}

/** Resumes every session whose run has ended. */
async function keepBusy(window: WindowProcess): Promise<void> {
  for (const { id, isOpen } of await window.call({ method: 'list' }))
    if (!isOpen) await window.call({ method: 'resume', sessionId: id });
}

/** @throws if a run that ended by itself lacks lines of its agent */
async function checkCompleteRuns(fixture: TortureFixture): Promise<void> {
  for (const sessionId of await fixture.sessionIds()) {
    for (const [runId, { hasExited, lineCount }] of await readRuns(fixture.paths, sessionId)) {
      if (hasExited) assert.equal(lineCount, LINES, `run ${runId} ended without all lines of its agent`);
    }
  }
}

export const kills: Scenario = async ({ random, rounds, say }) => {
  const counts = { host: 0, runner: 0, both: 0 };
  let events = 0;
  for (let done = 0; done < rounds;) {
    const fixture = await TortureFixture.create();
    try {
      let window = fixture.open();
      await window.recovered;
      for (let session = 0; session < SESSIONS; session++)
        await window.call({ method: 'create', repository: fixture.repository.path, argv: loadArguments(LINES) });
      for (let kill = 0; kill < KILLS_PER_STORE && done < rounds; kill++, done++) {
        await keepBusy(window);
        const before = fixture.receivedCount;
        await waitFor(() => fixture.receivedCount > before, { what: 'the first events' });
        await delay(random.below(MAX_DELAY_MS)); // the random moment is what is tested
        const victim = random.pick(VICTIMS);
        counts[victim]++;
        const runners = victim === 'host' ? [] : await runnerPids(fixture);
        for (const pid of victim === 'runner' ? runners.slice(0, 1) : runners) sendSignal(pid, 'SIGKILL');
        if (victim !== 'runner') {
          await window.kill();
          window = fixture.open();
          await window.recovered;
        }
        await fixture.check(window);
      }
      await fixture.untilEnded(window);
      events += await fixture.check(window);
      await checkCompleteRuns(fixture);
      await window.close();
      await fixture.deleteDatabases();
      const generated = fixture.open();
      await generated.recovered;
      await fixture.check(generated);
      await generated.close();
      await checkDatabases(fixture.paths);
      await fixture.checkNoProcessLeft();
    } finally {
      await fixture.remove();
    }
    say(`${done} of ${rounds} kills`);
  }
  return `${rounds} kills (${counts.host} of the host, ${counts.runner} of a runner, ${counts.both} of both), ${events} events: none lost, none twice, order kept, databases sound, no process left`;
};

/** kill -9 of the extension host's process, of runners and of both, at random moments under load. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { readClaim } from '../../src/supervisor/runs/runnerLauncher';
import { sendSignal } from '../support/processes';
import { waitFor } from '../support/wait';
import { checkDatabases, readRuns } from './journals';
import { loadArguments } from './load';
import type { Scenario } from './scenario';
import type { WindowProcess } from './window/windowProcess';
import { Yard } from './tortureFixture';

const KILLS_PER_STORE = 6;
const LINES = 3_000;
const SESSIONS = 2;
/** The moment of the kill, after the load was heard of. */
const LATEST_MS = 400;
const VICTIMS = ['host', 'runner', 'both'] as const;

async function runnerPids(yard: Yard): Promise<number[]> {
  const pids: number[] = [];
  for (const sessionId of await yard.sessionIds()) {
    for (const [runId, { hasExited }] of await readRuns(yard.paths, sessionId)) {
      const claim = await readClaim(yard.paths.session(sessionId).run(runId));
      if (claim?.state === 'claimed' && !hasExited) pids.push(claim.runner.pid);
    }
  }
  return pids;
}

/** Sees to it that every session has a run that prints. */
async function keepBusy(window: WindowProcess): Promise<void> {
  for (const { id, isOpen } of await window.call({ method: 'list' }))
    if (!isOpen) await window.call({ method: 'resume', sessionId: id });
}

/** Of the runs that ended by themselves: all that their agent printed is there. */
async function checkCompleteRuns(yard: Yard): Promise<void> {
  for (const sessionId of await yard.sessionIds()) {
    for (const [runId, { hasExited, lineCount }] of await readRuns(yard.paths, sessionId)) {
      if (hasExited) assert.equal(lineCount, LINES, `run ${runId} ended without all lines of its agent`);
    }
  }
}

export const kills: Scenario = async ({ random, rounds, say }) => {
  const counts = { host: 0, runner: 0, both: 0 };
  let events = 0;
  for (let done = 0; done < rounds;) {
    const yard = await Yard.make();
    try {
      let window = yard.open();
      await window.recovered;
      for (let session = 0; session < SESSIONS; session++)
        await window.call({ method: 'create', repository: yard.repository.path, argv: loadArguments(LINES) });
      for (let kill = 0; kill < KILLS_PER_STORE && done < rounds; kill++, done++) {
        await keepBusy(window);
        const before = yard.heardCount;
        await waitFor(() => yard.heardCount > before, { what: 'the first events' });
        await delay(random.below(LATEST_MS)); // the random moment
        const victim = random.pick(VICTIMS);
        counts[victim]++;
        const runners = victim === 'host' ? [] : await runnerPids(yard);
        for (const pid of victim === 'runner' ? runners.slice(0, 1) : runners) sendSignal(pid, 'SIGKILL');
        if (victim !== 'runner') {
          await window.kill();
          window = yard.open();
          await window.recovered;
        }
        await yard.check(window);
      }
      await yard.untilEnded(window);
      events += await yard.check(window);
      await checkCompleteRuns(yard);
      await window.close();
      await yard.deleteDatabases();
      const rebuilt = yard.open();
      await rebuilt.recovered;
      await yard.check(rebuilt);
      await rebuilt.close();
      await checkDatabases(yard.paths);
      await yard.checkNoProcessLeft();
    } finally {
      await yard.remove();
    }
    say(`${done} of ${rounds} kills`);
  }
  return `${rounds} kills (${counts.host} of the host, ${counts.runner} of a runner, ${counts.both} of both), ${events} events: none lost, none twice, order kept, databases sound, no process left`;
};

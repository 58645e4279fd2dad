/** A clock that steps back an hour during a run: events keep one order in every window, before and after a rebuild. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/project';
import { loadArguments } from './load';
import type { Scenario } from './scenario';
import { TortureFixture } from './tortureFixture';

const LINES = 1_500;

export const clock: Scenario = async ({ random, rounds }) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-torture-clock-')));
  const runnerNode = join(folder, 'node');
  await writeFile(
    runnerNode,
    `#!/bin/sh\nexec '${process.execPath}' --require '${join(projectRoot, 'out/torture/clockShift.js')}' "$@"\n`,
  );
  await chmod(runnerNode, 0o700);
  let events = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const fixture = await TortureFixture.create();
      try {
        process.env['CORRAL_TORTURE_CLOCK_STEPS_AFTER_MS'] = String(100 + random.below(400));
        const windows = [fixture.open({ runnerNode }), fixture.open()] as const;
        await Promise.all(windows.map(async (window) => await window.recovered));
        const sessionId = await windows[0].call({
          method: 'create',
          repository: fixture.repository.path,
          argv: loadArguments(LINES),
        });
        await fixture.untilEnded(windows[0]);
        await windows[0].call({ method: 'resume', sessionId }); // the new runner's clock is right again at first
        await fixture.untilEnded(windows[0]);
        await fixture.untilEnded(windows[1]);
        events += await fixture.checkAgreement(windows);
        const before = await windows[0].call({ method: 'history', sessionId });
        for (const window of windows) await window.close();
        await fixture.deleteDatabases();
        const generated = fixture.open();
        await generated.recovered;
        assert.deepEqual(
          await generated.call({ method: 'history', sessionId }),
          before,
          'the order has changed after a rebuild',
        );
        await generated.close();
        await fixture.checkNoProcessLeft();
      } finally {
        await fixture.remove();
      }
    }
  } finally {
    delete process.env['CORRAL_TORTURE_CLOCK_STEPS_AFTER_MS'];
    await rm(folder, { recursive: true, force: true });
  }
  return `${rounds} times the clock went back by an hour in two runs, ${events} events: one order, in two windows, before and after a rebuild`;
};

/** Three windows write and save at once and are killed at random moments: in the end all agree with the journals. */
import { setTimeout as delay } from 'node:timers/promises';
import { loadArguments } from './load';
import type { Scenario } from './scenario';
import { WindowError } from './window/windowProcess';
import type { WindowProcess } from './window/windowProcess';
import { TortureFixture } from './tortureFixture';

const WINDOWS = 3;
const LINES = 1_000;
const MAX_LIFE_MS = 4_000;

async function open(fixture: TortureFixture): Promise<WindowProcess> {
  const window = fixture.open({ checkpointEveryMs: 100 });
  await window.recovered;
  return window;
}

export const peers: Scenario = async ({ random, seconds, say }) => {
  const fixture = await TortureFixture.create();
  let kills = 0;
  let writes = 0;
  try {
    const first = await open(fixture);
    for (let session = 0; session < WINDOWS; session++)
      await first.call({ method: 'create', repository: fixture.repository.path, argv: loadArguments(LINES) });
    await first.close();
    const sessionIds = await fixture.sessionIds();
    const endMs = performance.now() + seconds * 1_000;
    /** Opens a window that writes to any session until it is killed, again and again. */
    const useWindows = async (place: number): Promise<void> => {
      while (performance.now() < endMs) {
        const window = await open(fixture);
        const death = delay(random.below(MAX_LIFE_MS)).then(async () => await window.kill());
        try {
          for (let turn = 0; performance.now() < endMs; turn++) {
            const sessionId = random.pick(sessionIds);
            await window.call({ method: 'rename', sessionId, title: `Window ${place}, turn ${turn}` });
            await window.call({ method: 'history', sessionId });
            const session = (await window.call({ method: 'list' })).find(({ id }) => id === sessionId);
            if (session?.isOpen === false)
              await window.call({ method: 'resume', sessionId }).catch((error: unknown) => {
                // Another window was quicker.
                if (!(error instanceof WindowError && error.code === 'RUNNING')) throw error;
              });
            writes++;
          }
        } catch (error) {
          if (!window.isKilled) throw error;
          kills++;
        } finally {
          await death;
        }
      }
    };
    await Promise.all(Array.from({ length: WINDOWS }, (_, place) => useWindows(place)));
    say(`${writes} writes, ${kills} windows killed; comparing`);
    const windows = await Promise.all(Array.from({ length: WINDOWS }, async () => await open(fixture)));
    for (const window of windows) await fixture.untilEnded(window);
    const events = await fixture.checkAgreement(windows);
    for (const window of windows) await window.close();
    await fixture.deleteDatabases();
    const generated = await open(fixture);
    await fixture.check(generated);
    await generated.close();
    await fixture.checkNoProcessLeft();
    return `three windows for ${seconds} s, ${writes} writes to ${sessionIds.length} sessions, ${kills} windows killed in a call, ${events} events: all agree with the journals and with each other`;
  } finally {
    await fixture.remove();
  }
};

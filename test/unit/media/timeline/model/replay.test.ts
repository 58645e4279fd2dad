import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RUN } from '../../../views/timeline/memorySource';
import { useModels } from './modelFixture';

describe('Replay', () => {
  const fixture = useModels();

  it('steps, keeps its position as events come, and follows again at the end', async () => {
    fixture.source.addMessages(10);
    const page = await fixture.start();
    page.model.replay.step(-3);
    assert.equal(page.model.replay.shownRows, 7);
    assert.deepEqual(page.saved?.position, { runId: RUN, seq: 7 });
    fixture.source.addMessages(1);
    await page.until((model) => model.playlist.rowCount === 11);
    assert.equal(page.model.replay.shownRows, 7);
    page.model.replay.step(-100);
    assert.equal(page.model.replay.shownRows, 1);
    page.model.replay.moveTo(11);
    assert.equal(page.model.replay.position, undefined);
    assert.equal(page.saved.position, undefined);
  });

  it('plays from the start to the end by recorded time', async () => {
    fixture.source.addMessages(450, 100);
    const page = await fixture.start();
    page.model.replay.setSpeed(100);
    page.model.replay.setPlaying(true);
    assert.equal(page.model.replay.shownRows, 1);
    page.model.replay.tick(0);
    await page.until((model) => typeof model.events.at(99) === 'object');
    page.model.replay.tick(50);
    assert.equal(page.model.replay.shownRows, 51);
    assert.equal(page.model.replay.elapsedMs, 5_000);
    while (page.model.replay.playing) {
      page.model.replay.tick(200);
      await new Promise((resolve) => {
        setImmediate(resolve);
      }); // windows are loaded meanwhile
    }
    assert.deepEqual([page.model.replay.shownRows, page.model.replay.position], [450, undefined]);
  });

  it('seeks to the event of a moment; only the last of several seeks counts', async () => {
    fixture.source.addMessages(100);
    const page = await fixture.start();
    await Promise.all([page.model.replay.seek(10_000), page.model.replay.seek(90_000), page.model.replay.seek(50_400)]);
    assert.equal(page.model.replay.shownRows, 51);
    assert.equal(page.model.replay.seekingMs, undefined);
  });
});

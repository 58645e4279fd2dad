import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { newId } from '../../../src/storage/ids';
import type { DraftSessionRecord } from '../../../src/storage/sessionRecords';
import { ringDoorbell } from '../../../src/storage/store/store';
import type { SessionSummary } from '../../../src/supervisor/api';
import { Supervisor } from '../../../src/supervisor/supervisor';
import { projectRoot } from '../../support/project';
import { exited, say, started, StoreFixture } from '../storage/storeFixture';

/** More than one page of the list. */
const COUNT = 250;
const FAILED: DraftSessionRecord = { kind: 'worktree.failed', data: { reason: 'It is only a test.' } };

describe('a window that opens on many sessions', () => {
  let store: StoreFixture;
  /** In the order in which they were made. */
  const ids: string[] = [];

  before(async () => {
    store = await StoreFixture.make();
    for (let number = 0; number < COUNT; number++) {
      const id = await store.makeSession(...(number < 2 ? [] : [FAILED]));
      ids.push(id);
      if (number < 2) await store.events(id, newId(), [started(1), say('x'), ...(number === 0 ? [exited] : [])]);
    }
    await withWindow(async (window) => await window.whenRecovered());
  });
  after(async () => await store.remove());

  /** A window on the store. It changes no session, so that each test finds the same. */
  async function withWindow(look: (window: Supervisor) => Promise<unknown>): Promise<string[]> {
    const bundles = join(projectRoot, 'dist');
    const window = new Supervisor({ storageDirectory: store.paths.root, bundles, autoRecover: false });
    const told: string[] = [];
    window.onDidStartRun(({ sessionId }) => told.push(`started ${sessionId}`));
    window.onDidEndRun(({ sessionId }) => told.push(`ended ${sessionId}`));
    try {
      await look(window);
    } finally {
      await window.close();
    }
    return told;
  }
  const titleIn = (sessions: SessionSummary[], id: string): string | undefined =>
    sessions.find((each) => each.id === id)?.title;

  it('has the newest and those that have not ended first, and then all', async () => {
    await withWindow(async (window) => {
      const newest = await window.newestSessions();
      const [ended = '', open = ''] = ids;
      assert.equal(newest.length, 201);
      assert.deepEqual(
        newest.slice(0, 200).map(({ id }) => id),
        ids.slice(-200).reverse(),
      );
      assert.equal(newest[200]?.id, open);
      assert.equal(titleIn(newest, ended), undefined);
      const all = await window.listSessions();
      assert.deepEqual(
        all.map(({ id }) => id),
        ids.toReversed(),
      );
    });
  });

  it('knows an old session at once, and does not tell of its end again', async () => {
    const [ended = ''] = ids;
    const told = await withWindow(async (window) => {
      assert.equal((await window.getSession(ended)).state, 'completed');
      assert.equal((await window.listSessionHistory(ended)).events.length, 3);
      assert.equal((await window.listSessions()).length, COUNT);
      await window.whenRecovered();
    });
    assert.deepEqual(told, []);
  });

  it('reads first of whom it was told, and finds all others later', async () => {
    const [, , rung = '', silent = ''] = ids;
    await store.record(rung, { kind: 'renamed', data: { title: 'rung' } });
    await store.record(silent, { kind: 'renamed', data: { title: 'silent' } });
    await ringDoorbell(store.paths, rung);
    await withWindow(async (window) => {
      const scans: number[] = [];
      window.onDidScan(({ all }) => scans.push(all));
      await window.whenRecovered();
      const sessions = await window.listSessions();
      assert.deepEqual([titleIn(sessions, rung), titleIn(sessions, silent)], ['rung', 'silent']);
      // Beside the one that rang, the one that has not ended.
      assert.deepEqual(scans, [2, 2, 1]);
    });
  });

  it('looks at all of them where it cannot know who rang', async () => {
    const [, , , , silent = ''] = ids;
    const { changesLog } = store.paths;
    await store.record(silent, { kind: 'renamed', data: { title: 'silent again' } });
    await writeFile(changesLog, `# ${newId()}\n`);
    await withWindow(async (window) => {
      const scans: number[] = [];
      window.onDidScan(({ all }) => scans.push(all));
      await window.archive(); // when everything was read
      assert.equal(titleIn(await window.listSessions(), silent), 'silent again');
      assert.deepEqual(scans, [1]);
    });
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { TimelineModel } from '../../../../media/timeline/model/timelineModel';
import { Supervisor } from '../../../../src/supervisor/supervisor';
import { TimelineHost } from '../../../../src/views/timeline/timelineHost';
import type { HostMessage } from '../../../../src/protocol/timelineProtocol';
import { projectRoot } from '../../../support/project';
import { timelineEditor } from '../../../support/timelineEditor';
import { waitFor } from '../../../support/wait';
import { writeRecording } from '../../../support/agents/recordedSession';

/** With these lengths the journal is read in several steps. */
const EVENTS = 1_000;
const TEXT = 'word '.repeat(2_000);

/** The store's worker, in which nothing is told of events before there is a file at `gate`. */
function workerBehind(gate: string): string {
  return `
    const { parentPort } = require('node:worker_threads');
    const { existsSync } = require('node:fs');
    const on = parentPort.on.bind(parentPort);
    parentPort.on = (name, listener) => on(name, (message) => {
      const isHeld = () => ['catchUp', 'query'].includes(message.request.method) && !existsSync(${JSON.stringify(gate)});
      const deliver = () => isHeld() ? setTimeout(deliver, 5) : listener(message);
      deliver();
    });
    require(${JSON.stringify(join(projectRoot, 'dist/storeWorker.js'))});`;
}

describe('a timeline of a long history that nobody looked at yet', () => {
  let folder: string;
  let sessionId: string;
  let supervisor: Supervisor;
  let hosts: TimelineHost[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-long-'));
    const event = { kind: 'message', data: { role: 'assistant', text: TEXT } } as const;
    const session = { title: 'Long', repository: '/repository', worktreePath: '/worktree' };
    sessionId = await writeRecording(
      folder,
      session,
      Array.from({ length: EVENTS }, () => ({ event })),
    );
    supervisor = new Supervisor({ storageDirectory: folder, bundles: join(projectRoot, 'dist'), autoRecover: false });
    await supervisor.whenRecovered();
    hosts = [];
  });

  afterEach(async () => {
    for (const host of hosts) host.dispose();
    await supervisor.close();
    await rm(folder, { recursive: true });
  });

  function hostWith(post: (message: HostMessage) => void): TimelineHost {
    const host = new TimelineHost(supervisor, sessionId, timelineEditor(post));
    hosts.push(host);
    return host;
  }

  function openModel(): TimelineModel {
    const model: TimelineModel = new TimelineModel(
      sessionId,
      undefined,
      (message) => {
        host.receive(message);
      },
      () => undefined,
    );
    const host = hostWith((message) => {
      model.receive(message);
    });
    return model;
  }

  it('tells the page how far it is, and then finds everything', async () => {
    const shares: number[] = [];
    const model = openModel();
    model.subscribe(() => {
      if (model.readShare !== undefined) shares.push(model.readShare);
    });
    await model.start();
    model.find.setText('word');
    await waitFor(() => model.find.count === EVENTS && model.readShare === undefined, { what: 'all that is found' });
    assert.ok(shares.length > 0);
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    assert.ok(shares.every((share) => share > 0 && share < 1));
    assert.equal(model.playlist.rowCount, EVENTS);
    assert.deepEqual(model.errors, []);
  });

  it('shows its last events while it is read, and keeps them when all of it is there', async () => {
    await supervisor.close();
    const gate = join(folder, 'open');
    await writeFile(join(folder, 'storeWorker.js'), workerBehind(gate));
    supervisor = new Supervisor({ storageDirectory: folder, bundles: folder, autoRecover: false });
    const model = openModel();
    await model.start();
    const last = EVENTS - 1;
    const shown = model.events.at(last);
    assert.ok(typeof shown === 'object');
    model.find.setText('word');
    assert.equal(model.playlist.rowCount, EVENTS);
    assert.deepEqual([model.find.isScanning, model.find.count], [true, 0]);
    await writeFile(gate, '');
    await waitFor(() => model.find.count === EVENTS, { what: 'all that is found' });
    model.events.loadLines(last, last);
    assert.equal(model.events.at(last), shown);
    assert.deepEqual(model.errors, []);
  });

  it('stops when the page goes, and goes on from there for the next one', async () => {
    const unheard: HostMessage[] = [];
    /** Opens a page that goes as soon as it is told how far the history is read, and gives that share. */
    const readOn = async (): Promise<number> =>
      await new Promise<number>((resolve) => {
        let isGone = false;
        const host = hostWith((message) => {
          if (isGone) unheard.push(message);
          if (message.type !== 'reading' || message.share === 0) return;
          isGone = true;
          host.pause();
          resolve(message.share);
        });
        host.receive({ type: 'request', requestNumber: 1, method: 'ready', parameters: {} });
      });
    const first = await readOn();
    assert.ok((await readOn()) > first);
    assert.deepEqual(unheard, [], 'nothing is said to a page that is gone');
  });
});

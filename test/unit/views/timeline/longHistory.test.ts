import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { TimelineModel } from '../../../../media/timeline/model/timelineModel';
import { Supervisor } from '../../../../src/supervisor/supervisor';
import { TimelineHost } from '../../../../src/views/timeline/timelineHost';
import type { HostMessage } from '../../../../src/protocol/timelineProtocol';
import { projectRoot } from '../../../support/project';
import { timelineEditor } from '../../../support/timelineEditor';
import { writeRecording } from '../../../support/agents/recordedSession';

/** With these lengths the journal is read in several steps. */
const EVENTS = 1_000;
const TEXT = 'word '.repeat(2_000);

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

  it('tells the page how far it is, and then has everything', async () => {
    const shares: number[] = [];
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
    model.subscribe(() => {
      if (model.readShare !== undefined) shares.push(model.readShare);
    });
    await model.start();
    assert.ok(shares.length >= 3, `${String(shares.length)} steps`);
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    assert.ok(shares.every((share) => share > 0 && share < 1));
    assert.equal(model.readShare, undefined);
    assert.equal(model.playlist.rowCount, EVENTS);
    assert.deepEqual(model.errors, []);
  });

  it('stops when the page goes, and goes on from there for the next one', async () => {
    const ready = { type: 'request', requestNumber: 1, method: 'ready', parameters: {} };
    const beforePause: HostMessage[] = [];
    await new Promise<void>((resolve) => {
      const host = hostWith((message) => {
        beforePause.push(message);
        host.pause();
        resolve();
      });
      host.receive(ready);
    });
    const messages = await new Promise<HostMessage[]>((resolve) => {
      const found: HostMessage[] = [];
      hostWith((message) => {
        found.push(message);
        if (message.type === 'answer') resolve(found);
      }).receive(ready);
    });
    const [first, ...more] = beforePause;
    assert.ok(first?.type === 'reading');
    assert.deepEqual(more, [], 'nothing is said to a page that is gone');
    const [next] = messages;
    assert.ok(next?.type === 'reading' && next.share > first.share);
  });
});

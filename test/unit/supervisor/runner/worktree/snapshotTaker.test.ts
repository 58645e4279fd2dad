import assert from 'node:assert/strict';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { DraftEvent } from '../../../../../src/storage/events';
import { SnapshotTaker } from '../../../../../src/supervisor/runner/worktree/snapshotTaker';
import { skip } from '../../../../support/skip';
import { GitFixture, STORE_ID, write } from '../../git/gitFixture';

const NEVER_MS = 2 ** 30;
const RESULT: DraftEvent = { kind: 'tool.result', data: { callId: '1', status: 'ok', output: '' } };
const CALL: DraftEvent = {
  kind: 'tool.call',
  data: { callId: '1', name: 'Bash', title: 'make', input: {}, category: 'execute', locations: [] },
};
const ENDED: DraftEvent = { kind: 'turn.ended', data: { turn: 1, stopReason: 'end_turn', failed: false } };

describe('snapshots during a run', () => {
  let fixture: GitFixture;
  let count = 0;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function begin(pauseMs = NEVER_MS, git = fixture.git) {
    const session = await fixture.session(await fixture.repository(`repository ${++count}`));
    const events: DraftEvent[] = [];
    let tell = (): void => undefined;
    const emitted = new Promise<void>((fulfil) => (tell = fulfil));
    const worktree = { repository: session.repository.mainWorktree, storeId: STORE_ID, baseCommit: session.baseCommit };
    const emit = (event: DraftEvent): void => {
      events.push(event);
      tell();
    };
    const taker = new SnapshotTaker(
      git,
      { storeRoot: fixture.root, sessionId: session.sessionId, cwd: session.path },
      worktree,
      emit,
      pauseMs,
    );
    const files = async (commit: string): Promise<string> =>
      fixture.user(session.path, 'ls-tree', '-r', '--name-only', commit);
    return { session, taker, events, emitted, files };
  }

  it('takes one at the end of a turn that may have changed files, and none of a turn that cannot have', async () => {
    const { session, taker, events, files } = await begin();
    await write(session.path, { made: '1' });
    taker.observe({ kind: 'turn.started', data: { turn: 1 } });
    taker.observe(ENDED);
    await taker.finish(false);
    assert.equal(events.length, 0);
    taker.observe(RESULT);
    taker.observe(ENDED);
    await taker.finish(false);
    const [taken, ...more] = events;
    assert.ok(taken?.kind === 'snapshot' && more.length === 0);
    assert.match(await files(taken.data.commit), /^made$/m);
    assert.deepEqual([taken.data.files, taken.data.addedLines, taken.data.removedLines], [1, 1, 0]);
    assert.equal(await fixture.user(session.path, 'rev-parse', `refs/corral/${session.sessionId}`), taken.data.commit);
    assert.match(await fixture.user(session.path, 'log', '-1', '--format=%s', taken.data.commit), /^After turn 1$/);
  });

  it('takes one in the middle of a long turn, and says nothing where all files are as before', async () => {
    const { session, taker, events, emitted } = await begin(1);
    await write(session.path, { made: '1' });
    taker.observe(RESULT);
    await emitted;
    const started = fixture.processes.started;
    taker.observe(RESULT);
    await taker.finish(false);
    assert.ok(fixture.processes.started > started, 'it was looked at again');
    assert.equal(events.length, 1);
  });

  it('takes one of a program that says nothing, and of a call that was cut off', async () => {
    const startedBy = (driver: string): DraftEvent => ({
      kind: 'run.started',
      data: { ordinal: 1, agent: 'a', driver, argv: [], cwd: '' },
    });
    const TURN: DraftEvent = { kind: 'turn.started', data: { turn: 1 } };
    const stories = [
      [startedBy('command'), TURN, ENDED],
      [startedBy('command'), TURN],
      [startedBy('claude'), TURN, CALL],
      [startedBy('claude'), TURN, CALL, ENDED],
    ];
    for (const story of stories) {
      const { session, taker, events, files } = await begin();
      await write(session.path, { made: '1' });
      for (const event of story) taker.observe(event);
      await taker.finish(false);
      const [taken, ...more] = events;
      assert.ok(taken?.kind === 'snapshot' && more.length === 0, JSON.stringify(story.map(({ kind }) => kind)));
      assert.match(await files(taken.data.commit), /^made$/m);
    }
  });

  it('starts no git while nothing happens', async () => {
    const { taker } = await begin(1);
    const started = fixture.processes.started;
    taker.observe({ kind: 'message', data: { role: 'assistant', text: 'Hello' } });
    taker.observe(ENDED);
    await taker.finish(false);
    assert.equal(fixture.processes.started, started);
  });

  it('keeps the end of a run back no longer than its limit where git hangs', async function () {
    if (process.platform === 'win32') skip(this, 'the git that hangs is a script');
    const { git, hangs, end } = await fixture.hangingGit('diff-files');
    const { taker } = await begin(1, git);
    taker.observe(RESULT);
    await hangs();
    await taker.finish(true);
    await end();
    await taker.finish(false);
  });

  it('never takes the main checkout for a worktree that lost its link or is gone, and says each failure once', async () => {
    const { session, taker, events } = await begin();
    const look = async (): Promise<void> => {
      taker.observe(RESULT);
      await taker.finish(false);
    };
    await write(session.repository.mainWorktree, { secret: 's' });
    const link = join(session.path, '.git');
    await rename(link, `${link}.away`);
    await look();
    await look();
    await rename(`${link}.away`, link);
    await look();
    await rm(session.path, { recursive: true });
    await look();
    assert.deepEqual(
      events.map((event) => (event.kind === 'error' ? event.data.code : event.kind)),
      ['SNAPSHOT', 'SNAPSHOT'],
    );
    assert.equal(
      await fixture.user(session.repository.mainWorktree, 'rev-parse', `refs/corral/${session.sessionId}`),
      session.baseCommit,
    );
  });
});

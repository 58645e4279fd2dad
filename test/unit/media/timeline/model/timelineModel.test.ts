import assert from 'node:assert/strict';
import type { DraftEvent } from '../../../../../src/storage/events';
import type { SavedState } from '../../../../../src/protocol/timelineProtocol';
import { TimelineHost } from '../../../../../src/views/timeline/timelineHost';
import { NO_CRITERIA } from '../../../../../media/timeline/model/eventFilter';
import { TimelineModel } from '../../../../../media/timeline/model/timelineModel';
import { timelineEditor } from '../../../../support/timelineEditor';
import { MemorySource, RUN, SESSION } from '../../../views/timeline/memorySource';

const allow = { optionId: 'o', name: 'Allow', kind: 'allow_once' } as const;
const message = { kind: 'message', data: { role: 'user', text: 'x' } } as const;

/** A page's model and its host, joined by a channel that carries JSON only, as the editor's does. */
class Pair {
  readonly host: TimelineHost;
  readonly model: TimelineModel;
  saved: SavedState | undefined;
  readonly shownCommits: string[] = [];
  readonly searched: string[] = [];

  constructor(source: MemorySource, saved?: SavedState) {
    this.model = new TimelineModel(
      SESSION,
      saved,
      (sent) => {
        this.host.receive(JSON.parse(JSON.stringify(sent)));
      },
      (state) => {
        this.saved = state;
      },
    );
    const editor = timelineEditor((sent) => this.model.receive(JSON.parse(JSON.stringify(sent))), {
      searchHistory: (text) => {
        this.searched.push(text);
        return Promise.resolve();
      },
      showSnapshot: ({ commit }) => {
        this.shownCommits.push(commit);
        return Promise.resolve();
      },
    });
    this.host = new TimelineHost(source, SESSION, editor);
  }

  /** Waits until the model says so; each change of it is looked at. */
  async until(condition: (model: TimelineModel) => boolean): Promise<void> {
    if (condition(this.model)) return;
    await new Promise<void>((resolve) => {
      const unsubscribe = this.model.subscribe(() => {
        if (!condition(this.model)) return;
        unsubscribe();
        resolve();
      });
    });
  }
}

describe('TimelineModel', () => {
  let source: MemorySource;
  const pairs: Pair[] = [];
  const start = async (saved?: SavedState): Promise<Pair> => {
    const pair = new Pair(source, saved);
    pairs.push(pair);
    await pair.model.start();
    return pair;
  };
  beforeEach(() => {
    source = new MemorySource();
  });
  afterEach(() => {
    for (const pair of pairs.splice(0)) pair.host.dispose();
  });

  it('follows the end, and counts what is new once it does not', async () => {
    source.addMessages(3);
    const pair = await start();
    assert.deepEqual([pair.model.replay.shownRows, pair.model.replay.position], [3, undefined]);
    source.addMessages(2);
    await pair.until((model) => model.replay.shownRows === 5);
    assert.equal(pair.model.newRows, 0);
    pair.model.setFollowing(false);
    source.addMessages(4);
    await pair.until((model) => model.newRows === 4);
    pair.model.setFollowing(true);
    assert.equal(pair.model.newRows, 0);
  });

  it('steps, keeps its place as events come, and follows again at the end', async () => {
    source.addMessages(10);
    const pair = await start();
    pair.model.replay.step(-3);
    assert.equal(pair.model.replay.shownRows, 7);
    assert.deepEqual(pair.saved?.position, { runId: RUN, seq: 7 });
    source.addMessages(1);
    await pair.until((model) => model.playlist.rowCount === 11);
    assert.equal(pair.model.replay.shownRows, 7);
    pair.model.replay.step(-100);
    assert.equal(pair.model.replay.shownRows, 1);
    pair.model.replay.moveTo(11);
    assert.equal(pair.model.replay.position, undefined);
    assert.equal(pair.saved.position, undefined);
  });

  it('takes up what was saved, and ignores a place that is not there', async () => {
    source.addMessages(10);
    const pair = await start({ sessionId: SESSION, position: { runId: RUN, seq: 4 }, draft: 'half' });
    assert.deepEqual([pair.model.replay.shownRows, pair.model.draft.text], [4, 'half']);
    const other = await start({
      sessionId: SESSION,
      runId: 'zzzzzzzzzzzz',
      position: { runId: 'zzzzzzzzzzzz', seq: 4 },
    });
    assert.deepEqual([other.model.replay.shownRows, other.model.runId], [10, undefined]);
  });

  it('plays from the start to the end by recorded time', async () => {
    source.addMessages(450, 100);
    const pair = await start();
    pair.model.replay.setSpeed(100);
    pair.model.replay.setPlaying(true);
    assert.equal(pair.model.replay.shownRows, 1);
    pair.model.replay.tick(0);
    await pair.until((model) => typeof model.events.at(99) === 'object');
    pair.model.replay.tick(50);
    assert.equal(pair.model.replay.shownRows, 51);
    assert.equal(pair.model.replay.elapsedMs, 5_000);
    while (pair.model.replay.playing) {
      pair.model.replay.tick(200);
      await new Promise((resolve) => {
        setImmediate(resolve);
      }); // windows are loaded meanwhile
    }
    assert.deepEqual([pair.model.replay.shownRows, pair.model.replay.position], [450, undefined]);
  });

  it('seeks to the event of a moment; of several drags the last one counts', async () => {
    source.addMessages(100);
    const pair = await start();
    await Promise.all([pair.model.replay.seek(10_000), pair.model.replay.seek(90_000), pair.model.replay.seek(50_400)]);
    assert.equal(pair.model.replay.shownRows, 51);
    assert.equal(pair.model.replay.seekingMs, undefined);
  });

  it('shows one run or all', async () => {
    source.addMessages(3);
    source.add(message, 3_600_000, 'cccccccccccc', 2);
    const pair = await start();
    assert.equal(pair.model.replay.shownRows, 4);
    pair.model.selectRun('cccccccccccc');
    assert.deepEqual(pair.model.playlist.placeOf(0), { runId: 'cccccccccccc', seq: 1 });
    assert.equal(pair.saved?.runId, 'cccccccccccc');
    pair.model.selectRun(undefined);
    assert.equal(pair.model.playlist.durationMs, 2_000);
  });

  it("knows a call's result and a request's answer only where they are shown", async () => {
    source.add({
      kind: 'tool.call',
      data: { callId: 'c', name: 'n', title: 't', input: {}, category: 'read', locations: [] },
    });
    source.add({ kind: 'tool.result', data: { callId: 'c', status: 'ok', output: '' } });
    source.add({ kind: 'permission.request', data: { requestId: 'r', title: 't', options: [allow] } });
    source.add({ kind: 'permission.answer', data: { requestId: 'r', outcome: 'allowed', optionId: 'o' } });
    const pair = await start();
    pair.model.events.loadRows(0, 3);
    await pair.until((model) => typeof model.events.at(3) === 'object');
    assert.equal(pair.model.events.callOf(RUN, 'c').result?.seq, 2);
    assert.equal(pair.model.events.answerOf(RUN, 'r')?.seq, 4);
    pair.model.replay.moveTo(1);
    assert.equal(pair.model.events.callOf(RUN, 'c').result, undefined);
    assert.equal(pair.model.events.callOf(RUN, 'c').call?.seq, 1);
    assert.equal(pair.model.events.answerOf(RUN, 'r'), undefined);
  });

  it('knows which call waits for an answer, and which does not any more', async () => {
    source.add({
      kind: 'tool.call',
      data: { callId: 'c', name: 'n', title: 't', input: {}, category: 'read', locations: [] },
    });
    source.add({
      kind: 'tool.call',
      data: { callId: 'd', name: 'n', title: 't', input: {}, category: 'read', locations: [] },
    });
    source.add({ kind: 'permission.request', data: { requestId: 'r', callId: 'c', title: 't', options: [allow] } });
    const pair = await start();
    pair.model.events.loadRows(0, 2);
    await pair.until((model) => typeof model.events.at(2) === 'object');
    assert.deepEqual(
      [pair.model.events.awaitsPermission(RUN, 'c'), pair.model.events.awaitsPermission(RUN, 'd')],
      [true, false],
    );
    source.add({ kind: 'permission.answer', data: { requestId: 'r', outcome: 'allowed', optionId: 'o' } });
    await pair.until((model) => model.playlist.rowCount === 4);
    assert.equal(pair.model.events.awaitsPermission(RUN, 'c'), false);
  });

  it('takes a question of the current run for no other one, though agents number them anew in each', async () => {
    const later = 'cccccccccccc';
    const ask: DraftEvent = { kind: 'permission.request', data: { requestId: '0', title: 't', options: [allow] } };
    source.add(ask);
    const pair = await start();
    assert.equal(pair.model.permissions.isPending({ runId: RUN, requestId: '0' }), true);
    source.add(
      { kind: 'tool.call', data: { callId: 'c', name: 'n', title: 't', input: {}, category: 'read', locations: [] } },
      1_000,
      later,
      2,
    );
    source.add({ ...ask, data: { ...ask.data, callId: 'c' } }, 1_000, later, 2);
    await pair.until((model) => model.playlist.rowCount === 3);
    const pending = [RUN, later].map((runId) => pair.model.permissions.isPending({ runId, requestId: '0' }));
    assert.deepEqual(pending, [false, true]);
    await pair.model.permissions.answer({ runId: later, requestId: '0' }, 'o');
    assert.deepEqual(source.calls, [{ id: SESSION, requestId: '0', answer: { runId: later, optionId: 'o' } }]);
  });

  it('names the tools of all that is shown, once somebody wants to choose', async () => {
    const call = (name: string): DraftEvent => ({
      kind: 'tool.call',
      data: { callId: name, name, title: 't', input: {}, category: 'read', locations: [] },
    });
    source.add(call('Read'));
    source.add(call('Bash'));
    source.add(call('Read'), 1_000, 'cccccccccccc', 2);
    const pair = await start();
    assert.deepEqual(pair.model.facets.tools, []);
    await pair.model.facets.extend();
    assert.deepEqual(pair.model.facets.tools, [
      ['Bash', 1],
      ['Read', 2],
    ]);
    source.add(call('Bash'), 1_000, 'cccccccccccc', 2);
    await pair.until((model) => model.playlist.rowCount === 4);
    await pair.model.facets.extend();
    assert.deepEqual(pair.model.facets.tools, [
      ['Bash', 2],
      ['Read', 2],
    ]);
    pair.model.selectRun('cccccccccccc');
    await pair.model.facets.extend();
    assert.deepEqual(pair.model.facets.tools, [
      ['Bash', 1],
      ['Read', 1],
    ]);
  });

  it('offers the files of the last snapshot before where it stands', async () => {
    const snapshot = (digit: string): DraftEvent => ({
      kind: 'snapshot',
      data: { commit: digit.repeat(40), tree: digit.repeat(40) },
    });
    source.addMessages(2);
    source.add(snapshot('a'));
    source.addMessages(2);
    source.add(snapshot('b'));
    const pair = await start();
    await pair.model.actions.showFiles();
    pair.model.replay.moveTo(5);
    await pair.model.actions.showFiles();
    pair.model.replay.moveTo(2);
    await pair.model.actions.showFiles();
    assert.deepEqual(pair.shownCommits, ['b'.repeat(40), 'a'.repeat(40)]);
    assert.deepEqual(pair.model.errors, ['No snapshot was taken before this moment.']);
  });

  it('shows the event that a link names, also of another run and before it listened', async () => {
    source.addMessages(5);
    source.add(message, 1_000, 'cccccccccccc', 2);
    const pair = await start({ sessionId: SESSION, runId: 'cccccccccccc' });
    assert.equal(pair.model.replay.shownRows, 1);
    pair.host.show({ runId: RUN, seq: 3 });
    assert.deepEqual(
      [pair.model.runId, pair.model.replay.shownRows, pair.model.replay.place],
      [undefined, 3, { runId: RUN, seq: 3 }],
    );
    pair.host.show({ runId: RUN, seq: 99 });
    assert.deepEqual([pair.model.replay.shownRows, pair.model.errors.length], [6, 1]);
    pair.host.pause();
    pair.host.show({ runId: RUN, seq: 2 });
    await pair.model.start();
    assert.equal(pair.model.replay.shownRows, 2);
  });

  it('hands the text of the filter to the search over everything', async () => {
    const pair = await start();
    pair.model.filter.set({ ...NO_CRITERIA, text: 'at the end of a long output' });
    await pair.model.actions.searchHistory();
    assert.deepEqual([pair.searched, pair.model.errors], [['at the end of a long output'], []]);
  });

  it('brings a whole event on request', async () => {
    source.add({ kind: 'message', data: { role: 'assistant', text: 'y'.repeat(20_000) } });
    const pair = await start();
    pair.model.events.loadRows(0, 0);
    await pair.until((model) => typeof model.events.at(0) === 'object');
    const preview = pair.model.events.at(0);
    assert.ok(typeof preview === 'object' && preview.cut !== undefined);
    await pair.model.events.loadWhole(preview);
    const whole = pair.model.events.at(0);
    assert.ok(typeof whole === 'object' && whole.kind === 'message' && whole.data.text.length === 20_000);
  });

  it('takes back before what was typed what an earlier page could not send', async () => {
    const pair = await start({ sessionId: SESSION, draft: 'typed meanwhile' });
    pair.model.receive({ type: 'unsent', text: 'sent' });
    assert.equal(pair.model.draft.text, 'sent\ntyped meanwhile');
  });

  it('asks again for a session that could not be had', async () => {
    source.addMessages(2);
    source.failures.push(new Error('The store is busy.'));
    const pair = await start();
    assert.deepEqual([pair.model.session, pair.model.errors], [undefined, ['The store is busy.']]);
    await pair.model.checkConnection();
    assert.deepEqual([pair.model.replay.shownRows, pair.model.errors], [2, []]);
  });

  it('keeps the draft where sending fails, and says why', async () => {
    const pair = await start();
    pair.model.draft.set('refused');
    await pair.model.draft.send();
    assert.equal(pair.model.draft.text, 'refused');
    assert.deepEqual(pair.model.errors, ['It does not run.']);
    pair.model.dismiss('It does not run.');
    const sending = pair.model.draft.send();
    pair.model.draft.set('typed meanwhile');
    await sending;
    assert.equal(pair.model.draft.text, 'refused\ntyped meanwhile');
    pair.model.dismiss('It does not run.');
    pair.model.draft.set('go');
    await pair.model.draft.send();
    assert.deepEqual([pair.model.draft.text, pair.model.errors, source.calls], ['', [], [{ id: SESSION, text: 'go' }]]);
  });
});

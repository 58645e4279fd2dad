import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { turnNumber } from '../../../../media/timeline/model/rows/turnNumber';
import type { HostMessage } from '../../../../src/protocol/timelineProtocol';
import { PREVIEW_LENGTH, TIMELINE_REQUESTS, hostMessageSchema } from '../../../../src/protocol/timelineProtocol';
import { TimelineHost } from '../../../../src/views/timeline/timelineHost';
import { timelineEditor } from '../../../support/timelineEditor';
import { MemorySource, RUN, SESSION } from './memorySource';

/** The other end of a host: collects what it posts, as JSON, which is what a webview is sent. */
class Page {
  readonly messages: HostMessage[] = [];
  readonly host: TimelineHost;
  readonly titles: string[] = [];
  readonly opened: unknown[] = [];
  readonly failures: string[] = [];
  /** It says that it has what was pushed. */
  saysReceived = true;
  #wake: (() => void) | undefined;
  #lastNumber = 0;

  constructor(source: MemorySource, sessionId = SESSION) {
    const open = (what: unknown): Promise<void> => {
      this.opened.push(what);
      return Promise.resolve();
    };
    const editor = timelineEditor((message) => this.#take(message), {
      failed: (message) => {
        this.failures.push(message);
        this.#wake?.();
      },
      sessionRead: (session) => this.titles.push(session.title),
      openFile: (path, line) => open([path, line]),
      copyLink: open,
      openPayload: open,
      copyText: open,
    });
    this.host = new TimelineHost(source, sessionId, editor);
  }

  #take(message: HostMessage): void {
    this.messages.push(v.parse(hostMessageSchema, JSON.parse(JSON.stringify(message))));
    this.#wake?.();
    if (message.type === 'session' && this.saysReceived) queueMicrotask(() => this.host.receive({ type: 'received' }));
  }

  async until(matches: (message: HostMessage) => boolean): Promise<HostMessage> {
    for (;;) {
      const index = this.messages.findIndex(matches);
      const [found] = index === -1 ? [] : this.messages.splice(index, 1);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async untilFailure(): Promise<string> {
    while (this.failures.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.failures.shift() ?? '';
  }

  post(method: string, parameters: unknown): number {
    const requestNumber = ++this.#lastNumber;
    this.host.receive({ type: 'request', requestNumber, method, parameters });
    return requestNumber;
  }

  async ask(method: string, parameters: unknown): Promise<unknown> {
    const requestNumber = this.post(method, parameters);
    const reply = await this.until(
      (message) =>
        (message.type === 'answer' || message.type === 'rejection') && message.requestNumber === requestNumber,
    );
    if (reply.type === 'rejection') throw new Error(reply.message);
    return reply.type === 'answer' ? reply.result : undefined;
  }

  untilSession(eventCount: number): Promise<HostMessage> {
    return this.until((message) => message.type === 'session' && message.session.runs[0]?.eventCount === eventCount);
  }
}

describe('TimelineHost', () => {
  let source: MemorySource;
  let page: Page;
  /** Looks at the same session: once it has heard of a change, so would have any other page. */
  let witness: Page;
  beforeEach(() => {
    source = new MemorySource();
    page = new Page(source);
    witness = new Page(source);
  });
  afterEach(() => {
    for (const { host } of [page, witness]) host.dispose();
  });

  it('answers ready with the session and the bounds of its runs', async () => {
    source.addMessages(3);
    const { session } = v.parse(TIMELINE_REQUESTS.ready.result, await page.ask('ready', {}));
    assert.equal(session.id, SESSION);
    const [run] = session.runs;
    assert.equal(run?.eventCount, 3);
    assert.equal(run.lastMs - run.firstMs, 2_000);
    assert.deepEqual(page.titles.at(0), 'A title');
  });

  it('counts turns through all runs, as a person reads them', async () => {
    const begin = (turn: number, runId: string, ordinal: number): { runId: string; data: { turn: number } } => {
      source.add({ kind: 'turn.started', data: { turn } }, 1_000, runId, ordinal);
      return { runId, data: { turn } };
    };
    const turns = [begin(1, RUN, 1), begin(2, RUN, 1), begin(1, 'cccccccccccc', 2)];
    const { session } = v.parse(TIMELINE_REQUESTS.ready.result, await page.ask('ready', {}));
    assert.deepEqual(
      turns.map((event) => turnNumber(session, event)),
      [1, 2, 3],
    );
  });

  it('answers ready with the last events, from the start of a window of the page', async () => {
    for (const [count, firstSeq] of [
      [3, 1],
      [126, 51],
      [130, 51],
    ] as const) {
      source.addMessages(count - (source.runs.get(RUN)?.length ?? 0));
      const { events } = v.parse(TIMELINE_REQUESTS.ready.result, await page.ask('ready', {}));
      assert.deepEqual(
        events.map(({ seq }) => seq),
        Array.from({ length: count - firstSeq + 1 }, (_, index) => firstSeq + index),
      );
    }
  });

  it('says what is wrong where there is no such session', async () => {
    const stray = new Page(source, 'zzzzzzzzzzzz');
    await assert.rejects(stray.ask('ready', {}), /There is no session/);
    stray.host.dispose();
  });

  it('pushes nothing before ready, and the newest session after each change then', async () => {
    await witness.ask('ready', {});
    source.addMessages(1);
    await witness.untilSession(1);
    assert.deepEqual(page.messages, []);
    await page.ask('ready', {});
    source.addMessages(50);
    await page.untilSession(51);
    assert.ok(page.messages.length < 50, 'a flood is pushed as a few sessions');
  });

  it('pushes new events with the session, each once, of very many the last', async () => {
    source.addMessages(2);
    await page.ask('ready', {});
    const pushed: number[] = [];
    const pushedUntil = async (eventCount: number): Promise<void> => {
      while (pushed.at(-1) !== eventCount) {
        const message = await page.until(({ type }) => type === 'session');
        if (message.type === 'session') pushed.push(...message.events.map(({ seq }) => seq));
      }
    };
    source.addMessages(3);
    await pushedUntil(5);
    assert.deepEqual(pushed, [3, 4, 5]);
    source.addMessages(1_000);
    await pushedUntil(1_005);
    assert.deepEqual(
      pushed,
      [...new Set(pushed)].sort((a, b) => a - b),
    );
    assert.ok(pushed.length <= 500, 'a flood is not pushed whole');
  });

  it('pushes nothing more before the page has the last push, and then all that is new at once', async () => {
    for (const each of [page, witness]) await each.ask('ready', {});
    page.saysReceived = false;
    source.addMessages(1);
    for (const each of [page, witness]) await each.untilSession(1);
    page.messages.length = 0;
    source.addMessages(20);
    await witness.untilSession(21);
    assert.deepEqual(page.messages, []);
    page.host.receive({ type: 'received' });
    const pushed = await page.untilSession(21);
    assert.deepEqual(
      pushed.type === 'session' && pushed.events.map(({ seq }) => seq),
      Array.from({ length: 20 }, (_, index) => index + 2),
    );
    // One that never says so is not left behind.
    source.addMessages(1);
    await page.untilSession(22);
  });

  it('is quiet while the page is hidden, and speaks again after the next ready', async () => {
    for (const each of [page, witness]) await each.ask('ready', {});
    page.host.pause();
    page.messages.length = 0;
    source.addMessages(2);
    await witness.untilSession(2);
    assert.deepEqual(page.messages, []);
    const { session } = v.parse(TIMELINE_REQUESTS.ready.result, await page.ask('ready', {}));
    assert.equal(session.runs[0]?.eventCount, 2);
    source.addMessages(1);
    await page.untilSession(3);
  });

  it('reads again after reading failed, and says once why it could not', async () => {
    await page.ask('ready', {});
    await page.until(({ type }) => type === 'session'); // the one that follows each `ready`
    source.failures.push(new Error('The store is busy.'), new Error('The store is busy.'));
    source.addMessages(1);
    const failure = await page.until(({ type }) => type === 'failure');
    assert.deepEqual(failure, { type: 'failure', message: 'The store is busy.' });
    await page.untilSession(1); // though nothing changes any more
    assert.deepEqual(source.failures, [], 'reading failed twice');
    assert.ok(page.messages.every(({ type }) => type !== 'failure'));
  });

  it('tells of what a hidden page asked for in vain, and hands back what it sent', async () => {
    await page.ask('ready', {});
    let refuse = (): void => undefined;
    source.sendable = new Promise((resolve) => (refuse = resolve));
    page.post('send', { text: 'refused' });
    page.host.pause();
    refuse();
    assert.match(await page.untilFailure(), /^It does not run\. .*message box again\.$/);
    assert.ok(page.messages.every(({ type }) => type !== 'unsent'));
    await page.ask('ready', {});
    await page.until((message) => message.type === 'unsent' && message.text === 'refused');

    // The next page may be there before it fails.
    source.sendable = new Promise((resolve) => (refuse = resolve));
    page.post('send', { text: 'refused' });
    page.host.pause();
    await page.ask('ready', {});
    refuse();
    await page.until((message) => message.type === 'unsent' && message.text === 'refused');
    await page.untilFailure();

    source.sendable = new Promise((resolve) => (refuse = resolve));
    page.post('send', { text: 'refused' });
    page.host.dispose();
    refuse();
    assert.equal(await page.untilFailure(), 'It does not run. Your message was not sent: refused');
  });

  it('gives events by key, long texts as previews, and one event whole', async () => {
    const whole = 'x'.repeat(PREVIEW_LENGTH * 3);
    source.addMessages(2);
    source.add({ kind: 'tool.result', data: { callId: 'c', status: 'ok', output: whole } });
    const { events } = v.parse(
      TIMELINE_REQUESTS.events.result,
      await page.ask('events', { runId: RUN, fromSeq: 2, limit: 200 }),
    );
    assert.deepEqual(
      events.map(({ seq }) => seq),
      [2, 3],
    );
    const [, result] = events;
    assert.ok(result?.kind === 'tool.result');
    assert.equal(result.data.output.length, PREVIEW_LENGTH);
    assert.deepEqual(result.cut, { output: whole.length });
    const { event } = v.parse(TIMELINE_REQUESTS.event.result, await page.ask('event', { runId: RUN, seq: 3 }));
    assert.ok(event.kind === 'tool.result' && event.data.output === whole && event.cut === undefined);
    await assert.rejects(page.ask('event', { runId: RUN, seq: 4 }), /not in the timeline/);
  });

  it('finds the event at a moment with a logarithmic number of look-ups', async () => {
    source.addMessages(5_000);
    const { session } = v.parse(TIMELINE_REQUESTS.ready.result, await page.ask('ready', {}));
    const firstMs = session.runs[0]?.firstMs ?? 0;
    const seqAt = async (afterMs: number): Promise<unknown> =>
      page.ask('seqAt', { runId: RUN, timeMs: firstMs + afterMs });
    source.lookUps = 0;
    assert.deepEqual(await seqAt(1_234_500), { seq: 1_235 });
    assert.ok(source.lookUps <= 14, String(source.lookUps));
    assert.deepEqual(await seqAt(-1), { seq: 1 });
    assert.deepEqual(await seqAt(1e9), { seq: 5_000 });
  });

  it('passes a damaged record over', async () => {
    source.addMessages(10);
    source.runs.get(RUN)?.splice(0, 1);
    const { session } = v.parse(TIMELINE_REQUESTS.ready.result, await page.ask('ready', {}));
    assert.equal(session.runs[0]?.eventCount, 10);
    assert.deepEqual(await page.ask('seqAt', { runId: RUN, timeMs: session.runs[0].lastMs }), { seq: 10 });
  });

  it('forwards commands, and refusals as their sentence', async () => {
    await page.ask('answer', { runId: RUN, requestId: 'r', optionId: 'o' });
    await page.ask('send', { text: 'go on' });
    await page.ask('stop', {});
    await page.ask('interrupt', {});
    await page.ask('resume', {});
    assert.deepEqual(source.calls, [
      { id: SESSION, requestId: 'r', answer: { optionId: 'o', runId: RUN } },
      { id: SESSION, text: 'go on' },
      { id: SESSION },
      { id: SESSION, interrupted: true },
      { id: SESSION, resumed: true },
    ]);
    await assert.rejects(page.ask('send', { text: 'refused' }), /It does not run\./);
  });

  it('opens files of the worktree and nothing outside of it, and payloads by their place', async () => {
    await page.ask('openFile', { path: 'src/a.ts', line: 7 });
    await page.ask('openFile', { path: resolve('/code/tree/..dots/b') });
    await page.ask('openPayload', { runId: RUN, seq: 3, field: 'output' });
    await page.ask('copyField', { runId: RUN, seq: 3, field: 'output' });
    assert.deepEqual(page.opened, [
      [resolve('/code/tree/src/a.ts'), 7],
      [resolve('/code/tree/..dots/b'), undefined],
      { sessionId: SESSION, runId: RUN, seq: 3, field: 'output' },
      `${RUN} 3 output`,
    ]);
    for (const path of ['..', '../x', '/etc/passwd', 'a/../../x'])
      await assert.rejects(page.ask('openFile', { path }), /outside/, path);
    await assert.rejects(page.ask('openPayload', { runId: RUN, seq: 3, field: '../x' }), /not valid/);
    assert.equal(page.opened.length, 4);
  });

  it('refuses what is not a request, and does nothing for it', async () => {
    for (const [method, parameters] of [
      ['send', { text: ' \n' }],
      ['send', {}],
      ['erase', {}],
      ['events', { runId: '../x', fromSeq: 1, limit: 1 }],
      ['events', { runId: RUN, fromSeq: 0, limit: 1 }],
      ['events', { runId: RUN, fromSeq: 1, limit: 100_000 }],
    ] as const) {
      await assert.rejects(page.ask(method, parameters), /not valid/);
    }
    for (const message of [undefined, null, 7, 'x', [], {}, { type: 'request' }]) page.host.receive(message);
    assert.deepEqual(source.calls, []);
    assert.deepEqual(page.messages, []);
  });

  it('posts nothing after it was disposed', async () => {
    await page.ask('ready', {});
    page.host.dispose();
    page.messages.length = 0;
    page.host.receive({ type: 'request', requestNumber: 99, method: 'ready', parameters: {} });
    await witness.ask('ready', {});
    source.addMessages(1);
    await witness.untilSession(1);
    assert.deepEqual(page.messages, []);
  });
});

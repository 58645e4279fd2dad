import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { Frame } from 'playwright-core';
import * as v from 'valibot';
import type { TestRepository } from '../support/repository';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { VscodeServer } from '../support/vscode/vscodeServer';
import { waitFor } from '../support/wait';
import type { Window } from '../support/vscode/window';

const STORY =
  'plan [x] Look around | [>] Greet politely | Check; read README.md; edit notes.txt hello; slow 40 50ms; ask git status --short; slow 40 50ms; talk All done.';
/** An event every 50 ms for longer than the tests take. */
const STEADY = 'edit kept.txt precious; slow 4000 50ms';

describe('the main job', () => {
  let repository: TestRepository;
  let server: VscodeServer;
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({
      repository: { name: 'greeter' },
      server: { settings: { 'corral.maxConcurrentRuns': 2, 'corral.timeline.detail': 'everything' } },
    }),
    (opened) => {
      ({ repository, server, window, sessions } = opened);
      return Promise.resolve();
    },
  );

  /** The records of the only run of the session with this prompt, read from its journal. */
  async function journalOf(prompt: string): Promise<{ seq: number; kind: string }[]> {
    const folder = join(server.globalStorage, 'sessions');
    for (const id of await readdir(folder)) {
      if (!(await readFile(join(folder, id, 'session.jsonl'), 'utf8')).includes(JSON.stringify(prompt))) continue;
      const [run] = await readdir(join(folder, id, 'runs'));
      const lines = (await readFile(join(folder, id, 'runs', run ?? '', 'events.jsonl'), 'utf8'))
        .split('\n')
        .slice(0, -1); // the last line may be incomplete
      return lines.map((line) => v.parse(v.object({ seq: v.number(), kind: v.string() }), JSON.parse(line)));
    }
    throw new Error(`There is no session with the prompt ${prompt}`);
  }

  /** @throws unless the records are numbered from 1 without a gap or a double */
  function assertComplete(records: readonly { seq: number }[]): void {
    assert.deepEqual(
      records.map(({ seq }) => seq),
      records.map((_record, index) => index + 1),
    );
  }

  it('begins with a welcome that offers New Session and Try the Demo', async () => {
    await window.showContainer('Corral');
    await window.page.getByRole('button', { name: 'New Session', exact: true }).waitFor();
    await window.page.getByRole('button', { name: 'Try the Demo', exact: true }).waitFor();
  });

  it('takes a prompt through a permission request to Completed', async () => {
    await sessions.recordStates();
    await window.runCommand('Corral: New Session…');
    await window.answerInput('');
    await window.page.getByText('Say what the agent should do.').waitFor();
    await window.answerInput(STORY);
    await sessions.row('needs input: git status').waitFor();
    await window.runCommand('Corral: Answer Permission');
    await window.pick('Allow');
    await sessions.row('Completed').waitFor();
    const states = await sessions.recordedStates();
    // A short state may end before it is painted, but not the question and the end.
    const expected = ['Starting', 'Running', 'Running · needs input', 'Running', 'Completed'];
    let next = 0;
    for (const state of states) {
      next = expected.indexOf(state, next) + 1;
      assert.ok(next > 0, states.join(' → '));
    }
    assert.ok(states.includes('Running · needs input') && states.at(-1) === 'Completed', states.join(' → '));
    assert.equal(await readFile(join(await worktreeOf(), 'notes.txt'), 'utf8'), 'hello\n');
  });

  async function worktreeOf(): Promise<string> {
    const [id] = await readdir(join(repository.path, '.corral/worktrees'));
    assert.ok(id);
    return join(repository.path, '.corral/worktrees', id);
  }

  it('shows the events in order and replays them', async () => {
    await window.runCommand('Corral: Replay Timeline');
    const frame = await window.timeline('Look around');
    const records = await journalOf(STORY);
    await frame
      .getByTestId('position')
      .filter({ hasText: `${records.length} of ${records.length}` })
      .waitFor();
    assert.deepEqual(
      await shownEvents(frame, records.length),
      records.map(({ seq, kind }) => `${seq} ${kind}`),
    );

    await frame.getByRole('feed', { name: 'Events' }).press('ArrowLeft');
    await frame
      .getByTestId('position')
      .filter({ hasText: `${records.length - 1} of ${records.length}` })
      .waitFor();
    await frame.getByTestId('step-forward').click();
    await frame
      .getByTestId('position')
      .filter({ hasText: `${records.length} of ${records.length}` })
      .waitFor();
    await frame.getByRole('feed', { name: 'Events' }).press('ArrowLeft'); // the end is no moment of a replay
    await frame.getByRole('button', { name: 'Jump to start' }).click();
    await frame
      .getByTestId('position')
      .filter({ hasText: `1 of ${records.length}` })
      .waitFor();
    await frame.getByTestId('play').click();
    await frame
      .getByTestId('position')
      .filter({ hasText: `${records.length} of ${records.length}` })
      .waitFor({ timeout: 60_000 });
  });

  it('survives a reload and a kill -9 of the extension host without losing an event', async () => {
    const prompt = 'slow 200 50ms; ask git status; talk The end.';
    await window.runCommand('Corral: New Session…');
    await window.answerInput(prompt);
    const isOpen = sessions.row('slow 200', 'Running'); // on a slow machine it may already ask
    await isOpen.waitFor();
    await window.reload();
    await window.showContainer('Corral');
    await isOpen.waitFor();
    await server.killExtensionHost();
    const done = sessions.row('slow 200', 'Completed');
    await waitFor(
      async () => {
        // A click may be lost with the dying host.
        if ((await sessions.row('needs input').count()) > 0) await sessions.act('needs input', 'Allow', done, 5_000);
        await done.waitFor({ timeout: 5_000 });
        return true;
      },
      { what: 'the end after the answer' },
    );
    const records = await journalOf(prompt);
    assertComplete(records);
    assert.ok(records.length > 200);
    await sessions.row('slow 200').click();
    const frame = await window.timeline('slow 200', '[data-kind="run.exited"]');
    await frame
      .getByTestId('position')
      .filter({ hasText: `${String(records.length)} of ${String(records.length)}` })
      .waitFor();
  });

  it('continues while VS Code is killed and started again', async () => {
    const prompt = 'slow 150 50ms; ask git log; talk Still here.';
    await window.runCommand('Corral: New Session…');
    await window.answerInput(prompt);
    await sessions.row('slow 150', 'Running').waitFor();
    await window.runCommand('Corral: New Session…');
    await window.answerInput(STEADY);
    await sessions.row('edit kept.txt', 'Running').waitFor();
    await server.kill();
    const before = await journalOf(STEADY);
    await server.launch();
    await window.page.goto(server.url(repository.path));
    await window.ready();
    const readyMs = performance.now();
    await window.showContainer('Corral');
    await sessions.row('edit kept.txt', 'Running').waitFor();
    process.stdout.write(
      `      Running is shown ${Math.round(performance.now() - readyMs)} ms after the window is ready\n`,
    );
    await sessions.row('needs input').waitFor({ timeout: 60_000 });
    assert.ok((await journalOf(STEADY)).length > before.length, 'the run went on without VS Code');
    await sessions.act('needs input', 'Allow', sessions.row('slow 150', 'Completed'));
    assertComplete(await journalOf(prompt));
  });

  it('stops the session that continued, deletes it, and restores it', async () => {
    await window.runCommand('Corral: Stop Session');
    await sessions.row('Stopped').waitFor();
    assertComplete(await journalOf(STEADY));
    await sessions.row('edit kept').click();
    await window.runCommand('Corral: Delete Session');
    await window.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await waitFor(async () => (await sessions.rows()).every((label) => !label.includes('Stopped')), {
      what: 'the row to go',
    });
    await window.runCommand('Corral: Undo Delete');
    await sessions.row('Stopped').waitFor();
    const worktrees = join(repository.path, '.corral/worktrees');
    const kept = await Promise.all(
      (await readdir(worktrees)).map(
        async (id) => await readFile(join(worktrees, id, 'kept.txt'), 'utf8').catch(() => ''),
      ),
    );
    assert.deepEqual(
      kept.filter((content) => content !== ''),
      ['precious\n'],
    );
  });

  it('queues a third session, says why, starts it on request, and shows the processes', async () => {
    for (const prompt of ['slow 4001 50ms', 'slow 4002 50ms', 'talk The third']) {
      await window.runCommand('Corral: New Session…');
      await window.answerInput(prompt);
      await sessions.row(prompt).waitFor(); // also while others write all the time
    }
    await sessions.row('talk The third').filter({ hasText: '2 of 2 running' }).waitFor();
    await sessions
      .row('talk The third')
      .and(window.page.getByRole('treeitem', { name: 'Starting' }))
      .waitFor();
    await window.runCommand('Corral: Show Processes');
    const agents = window.treeItems('Processes').filter({ hasText: 'node' });
    await agents.nth(1).waitFor();
    await window.picture('queue');
    await sessions.act('talk The third', 'Start Now', sessions.row('talk The third', 'Completed'));
  });
});

/** Code for the page. */
const ROWS = `[...document.querySelectorAll('[data-testid=event]')].map((row) => [Number(row.dataset.seq), row.dataset.kind])`;

/** Number and kind of each event, found by scrolling through the whole list. */
async function shownEvents(frame: Frame, count: number): Promise<string[]> {
  const seen = new Map<number, string>();
  const list = frame.getByRole('feed', { name: 'Events' });
  await list.focus();
  await frame.page().keyboard.press('Home');
  await list.hover();
  await waitFor(
    async () => {
      for (const [seq, kind] of v.parse(v.array(v.tuple([v.number(), v.string()])), await frame.evaluate(ROWS)))
        seen.set(seq, kind);
      if (seen.size < count) await frame.page().mouse.wheel(0, 300);
      return seen.size === count;
    },
    { what: `${String(count)} events in the list` },
  );
  return [...seen].sort(([a], [b]) => a - b).map(([seq, kind]) => `${String(seq)} ${kind}`);
}

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Aside } from '../../../../../src/storage/asides';
import { StorePaths } from '../../../../../src/storage/paths';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import { readBootstrap } from '../../../../../src/supervisor/runnerProtocol/bootstrapFile';
import { readClaim } from '../../../../../src/supervisor/runnerProtocol/claimFile';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { waitFor } from '../../../../support/wait';
import { readNotes, SupervisorFixture, until } from '../../supervisorFixture';

describe('a question beside the work', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  async function answered(window: Supervisor, id: string, asideId: string): Promise<Aside> {
    return await waitFor(
      async () => {
        const aside = (await window.listAsides(id)).find((each) => each.id === asideId);
        return aside?.state === 'answering' ? undefined : aside;
      },
      { what: 'the answer', limitMs: 60_000 },
    );
  }

  it('is answered by a finished session without changing anything of it, and found by search and export', async () => {
    const window = fixture.window();
    const before = await fixture.completedSession(window);
    const { id } = before;
    const conversation = await window.getConversation(id);
    const { asideId } = await window.askAside(id, 'talk Because of the zebra; edit notes.txt spoilt; run touch gone');
    const aside = await answered(window, id, asideId);
    assert.deepEqual([aside.state, aside.answer, aside.agent], ['answered', 'Because of the zebra', 'demo']);
    const { inputTokens: asked = 0 } = aside.usage ?? {};
    assert.ok(asked > 0);
    await until(window, id, ({ usage }) => usage.inputTokens === before.usage.inputTokens + asked, 'its tokens');
    await window.sendMessage(id, 'talk After it'); // a later run has a number of its own
    const after = await until(window, id, ({ runs }) => runs[1]?.state === 'completed', 'the next run');
    assert.equal(after.runs[1]?.ordinal, 2);
    assert.equal(after.nativeSessionId, before.nativeSessionId);
    assert.deepEqual((await window.getConversation(id)).slice(0, conversation.length), conversation);
    assert.ok(!(await window.getConversation(id)).some(({ content }) => content.includes('zebra')));
    assert.equal(await readNotes(before), 'hello\n');
    assert.ok(!(await readdir(before.worktreePath)).includes('gone'));

    const other = fixture.window();
    await until(other, id, ({ usage }) => usage.inputTokens === after.usage.inputTokens, 'its tokens elsewhere');
    assert.deepEqual(await other.listAsides(id), [aside]);
    const found: [string, true | undefined][] = [];
    for await (const { event, aside: isAside } of other.searchHistory('of the ZEBRA'))
      found.push([event.runId, isAside]);
    assert.ok(found.length > 0);
    assert.ok(found.every(([runId, isAside]) => runId === asideId && isAside === true));
    for (const format of ['jsonl', 'markdown', 'html'] as const) {
      const target = join(fixture.storageDirectory, `export.${format}`);
      await other.exportSession(id, format, target);
      assert.match(await readFile(target, 'utf8'), /Because of the zebra/, format);
    }
    await window.deleteSession(id);
    await window.eraseHistory(id);
    assert.deepEqual(await readdir(new StorePaths(fixture.storageDirectory).asides), []);
  });

  it('is answered while the session works and others wait for its slot, and leaves all that as it is', async () => {
    const window = fixture.window({ changes: { maxConcurrentRuns: 1 } });
    const request = { repository: fixture.repository.path, agent: 'demo' };
    const { id } = await window.createSession({ ...request, prompt: 'talk First; wait' });
    const running = await until(window, id, ({ nativeSessionId }) => nativeSessionId !== undefined, 'its own session');
    const waiting = await window.createSession({ ...request, prompt: 'talk Second' });
    assert.equal(waiting.queuePosition, 1);
    const { asideId } = await window.askAside(id, 'talk Beside it');
    assert.equal((await answered(window, id, asideId)).answer, 'Beside it');
    const factsOf = ({ lastActivityAt, runs, ...facts }: SessionSummary) => ({
      ...facts,
      usage: undefined,
      count: runs.length,
      lastActivityAt,
    });
    const after = factsOf(await window.getSession(id));
    assert.deepEqual(after, { ...factsOf(running), lastActivityAt: after.lastActivityAt });
    assert.equal((await window.getSession(waiting.id)).queuePosition, 1);
    const slots = await readdir(new StorePaths(fixture.storageDirectory).slots);
    assert.deepEqual(slots, [running.currentRunId]);
  });

  it('can be cancelled, is asked one at a time, and ends with its worktree', async () => {
    const window = fixture.window();
    const { id } = await fixture.completedSession(window);
    const first = await window.askAside(id, 'talk So far; wait');
    await waitFor(async () => (await window.listAsides(id))[0]?.answer === 'So far', { what: 'a part of the answer' });
    const [listed] = await (await window.processes()).list();
    assert.equal(listed?.sessionId, id);
    assert.deepEqual([listed.processes[0]?.role, listed.processes[0]?.children[0]?.role], ['runner', 'agent']);
    await assert.rejects(window.askAside(id, 'talk Another'), { code: 'CONFLICT' });
    await window.cancelAside(id, first.asideId);
    const cancelled = await answered(window, id, first.asideId);
    assert.deepEqual([cancelled.state, cancelled.answer], ['cancelled', 'So far']);
    const second = await window.askAside(id, 'wait');
    await window.deleteSession(id);
    assert.equal((await answered(window, id, second.asideId)).state, 'cancelled');
    await assert.rejects(window.askAside(id, 'talk Too late'), { code: 'WORKTREE_MISSING' });
  });

  it('counts for the budget of its session, and fails without a question to anybody where that is used up', async () => {
    const window = fixture.window({ changes: { budget: { session: { tokens: 1_000_000 } } } });
    const { id } = await fixture.completedSession(window);
    const first = await window.askAside(id, 'talk Once');
    assert.equal((await answered(window, id, first.asideId)).state, 'answered');
    const { usage } = await window.getSession(id);
    const used = fixture.window({
      changes: { budget: { session: { tokens: usage.inputTokens + usage.outputTokens } } },
    });
    await until(used, id, (session) => session.usage.inputTokens === usage.inputTokens, 'what was used');
    const second = await used.askAside(id, 'talk Twice');
    const refused = await answered(used, id, second.asideId);
    assert.deepEqual([refused.state, refused.answer], ['failed', '']);
    assert.match(refused.reason ?? '', /tokens/);
    assert.equal((await used.getSession(id)).needsInput, false);
  });

  it('fails with what to do where its process is killed, and is left to another agent where its own cannot be asked', async () => {
    const args = ['-e', 'console.log("built 3 files")'];
    const window = fixture.window({
      changes: {
        agents: { demo: { args: ['--demo-speed=100'] }, asking: { driver: 'command', path: process.execPath, args } },
      },
    });
    const { id } = await fixture.completedSession(window);
    const { asideId } = await window.askAside(id, 'talk Half; wait');
    const paths = new StorePaths(fixture.storageDirectory).session(id).aside(asideId);
    const claim = await waitFor(
      async () => {
        const found = await readClaim(paths);
        return found?.state === 'claimed' && found.agent !== undefined ? found : undefined;
      },
      { what: 'the agent of the question' },
    );
    process.kill(claim.runner.pid, 'SIGKILL');
    const lost = await answered(window, id, asideId);
    assert.equal(lost.state, 'failed');
    await waitFor(
      () => {
        try {
          process.kill(claim.agent?.pid ?? 0, 0);
          return false;
        } catch {
          return true;
        }
      },
      { what: 'the end of its agent' },
    );
    const command = await window.createSession({ repository: fixture.repository.path, agent: 'asking', prompt: 'x' });
    await until(window, command.id, ({ status }) => status === 'Completed', 'the end of the command');
    await assert.rejects(window.askAside(command.id, 'Why?'), { code: 'INVALID_ARGUMENT' });
    assert.match((await window.asideProblem(command.id)) ?? '', /“asking” runs a command.*another agent/);
    assert.equal(await window.asideProblem(id), undefined);
    const other = await window.askAside(command.id, 'Why 3?', { agent: 'demo' });
    const byOther = await answered(window, command.id, other.asideId);
    assert.deepEqual([byOther.state, byOther.agent, byOther.question], ['answered', 'demo', 'Why 3?']);
    const { prompt } = await readBootstrap(
      new StorePaths(fixture.storageDirectory).session(command.id).aside(other.asideId),
    );
    assert.match(
      prompt,
      /another agent, which works on[^]*User: x\n\nThe program printed at last:\n\nbuilt 3 files\n\n---\n\nWhy 3\?$/,
    );
    assert.deepEqual((await window.getSession(command.id)).agent, 'asking');
  });
});

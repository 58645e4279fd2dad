import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { localDay, NOTHING_USED, type Budget, type RunBudget } from '../../../../src/storage/budget';
import type { EventData } from '../../../../src/storage/events';
import { Spending } from '../../../../src/storage/store/spending';
import { waitFor } from '../../../support/wait';
import { fixturePath, LIMIT_MS, RunnerFixture, type TestRun } from './runnerFixture';

const AGENT = [process.execPath, fixturePath('spendingAgent.mjs')];

describe('a run with a budget', () => {
  let fixture: RunnerFixture;

  beforeEach(async () => {
    fixture = await RunnerFixture.create();
  });

  afterEach(async () => {
    await fixture.dispose();
  });

  /** A run of an agent that uses 600 tokens with each message. */
  async function launched(
    prompt: string,
    budget: Budget,
    used = NOTHING_USED,
    tree?: RunBudget['tree'],
  ): Promise<TestRun> {
    const run = await fixture.run(AGENT, {
      driver: 'claude',
      prompt,
      budget: { ...budget, used, allowed: {}, warned: [], ...(tree === undefined ? {} : { tree }) },
    });
    await run.launch();
    return run;
  }

  /** The question with this number, once it is asked. */
  async function question(run: TestRun, number = 1): Promise<EventData<'permission.request'>> {
    return await waitFor(async () => (await run.of('permission.request'))[number - 1], { what: `question ${number}` });
  }

  const messages = async (run: TestRun): Promise<string[]> =>
    (await run.of('message')).filter(({ role }) => role === 'assistant').map(({ text }) => text);

  it('is interrupted in its turn, and goes on when a person allows it, up to the next step', async () => {
    const run = await launched('a long work', { session: { tokens: 500 } });
    const asked = await question(run);
    assert.equal(
      asked.title,
      'This session has used 600 tokens of its budget of 500 tokens. Go on up to 1,000 tokens?',
    );
    assert.deepEqual(asked.budget, { scope: 'session', unit: 'tokens', used: 600, limit: 500 });
    const client = await run.connect();
    await assert.rejects(client.request('send', { text: 'more' }, LIMIT_MS), { code: 'RUNNER_REFUSED' });
    await waitFor(async () => (await run.of('turn.ended')).length === 1, { what: 'the end of the turn' });
    assert.equal((await run.of('turn.ended'))[0]?.stopReason, 'interrupted');
    await client.request('answerPermission', { requestId: asked.requestId, optionId: 'go-on' }, LIMIT_MS);
    assert.equal((await run.end()).outcome, 'completed');
    assert.deepEqual(await messages(run), ['I read: a long work', 'I read: Please go on where you were interrupted.']);
    assert.equal((await run.of('permission.request')).length, 1);
    assert.deepEqual(
      (await run.of('permission.answer')).map(({ budget }) => budget),
      [{ scope: 'session', unit: 'tokens', upTo: 1_000 }],
    );
  });

  it('ends where a person says so', async () => {
    const run = await launched('a long work', { session: { tokens: 500 } });
    const { requestId } = await question(run);
    await (await run.connect()).request('answerPermission', { requestId, optionId: 'stop' }, LIMIT_MS);
    assert.equal((await run.end()).outcome, 'stopped');
  });

  it('asks before the agent begins where earlier runs have used all of it', async () => {
    const run = await launched('short', { session: { tokens: 2_000 } }, { tokens: 2_100, usd: 0 });
    const asked = await question(run);
    assert.match(asked.title, /Go on up to 4,000 tokens\?$/);
    assert.deepEqual(await messages(run), []);
    await (
      await run.connect()
    ).request('answerPermission', { requestId: asked.requestId, optionId: 'go-on' }, LIMIT_MS);
    assert.equal((await run.end()).outcome, 'completed');
    assert.deepEqual(await messages(run), ['I read: short']);
  });

  it('ends without having begun where it is stopped instead of answered', async () => {
    const run = await launched('short', { session: { tokens: 500 } }, { tokens: 1_200, usd: 0 });
    await question(run);
    await (await run.connect()).request('stop', {}, LIMIT_MS);
    assert.equal((await run.end()).outcome, 'stopped');
    assert.deepEqual(
      (await run.of('permission.answer')).map(({ outcome }) => outcome),
      ['withdrawn'],
    );
  });

  it('shares the budget of the day with other sessions, and an answer counts for all of them', async () => {
    const budget = { day: { tokens: 700 } };
    const first = await launched('short', budget);
    assert.equal((await first.end()).outcome, 'completed');
    // 600 of 700 are more than 80 %.
    const warnings = (await first.of('status')).flatMap((status) => status.budget ?? []);
    assert.deepEqual(warnings, [{ scope: 'day', unit: 'tokens', used: 600, limit: 700 }]);
    const second = await launched('a long work', budget);
    const asked = await question(second);
    assert.match(asked.title, /^All sessions of this day have used 1,200 tokens of their budget of 700 tokens\./);
    await (
      await second.connect()
    ).request('answerPermission', { requestId: asked.requestId, optionId: 'go-on' }, LIMIT_MS);
    assert.equal((await second.end()).outcome, 'completed');
    const third = await launched('a long work', budget);
    assert.match(
      (await question(third)).title,
      /have used 1,810 tokens of their budget of 1,400 tokens\. Go on up to 2,100 tokens\?$/,
    );
    const { used } = await new Spending(fixture.store).read(localDay(Date.now()));
    const runs = [first, second].map(({ bootstrap }) => used.get(bootstrap.runId)?.tokens);
    assert.deepEqual(runs, [600, 610]);
  });

  it('shares that of one session with its tree: each asks when all together have used it up, and one answer counts', async () => {
    const budget = { session: { tokens: 1_000 } };
    const tree = { id: 'parent', used: { earlier: { tokens: 100, usd: 0 } } };
    const first = await launched('short', budget, NOTHING_USED, tree);
    assert.equal((await first.end()).outcome, 'completed');
    assert.deepEqual(await first.of('permission.request'), []);
    const second = await launched('a long work', budget, NOTHING_USED, tree);
    const asked = await question(second);
    const words =
      'This session and those that agents started with it have used 1,300 tokens of their budget of 1,000 tokens';
    assert.equal(asked.title, `${words}. Go on up to 2,000 tokens?`);
    const third = await launched('short', budget, NOTHING_USED, tree);
    await question(third);
    await (
      await second.connect()
    ).request('answerPermission', { requestId: asked.requestId, optionId: 'go-on' }, LIMIT_MS);
    for (const run of [second, third]) assert.equal((await run.end()).outcome, 'completed');
    assert.equal((await messages(second)).at(-1), 'I read: Please go on where you were interrupted.');
    assert.deepEqual(
      (await third.of('permission.answer')).map(({ outcome, budget: step }) => [outcome, step?.upTo]),
      [['withdrawn', 2_000]],
    );
    assert.deepEqual(await messages(third), ['I read: short']);
  });
});

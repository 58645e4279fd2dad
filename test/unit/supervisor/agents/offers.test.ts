import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { fittingOffers, type ToldOffers } from '../../../../src/storage/agentOffers';
import { StorePaths } from '../../../../src/storage/paths';
import { driverFor } from '../../../../src/supervisor/agents/drivers';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { conversationRequest, RecordingHost } from '../../../support/agents/agentHarness';
import { readRecording } from '../../../support/agents/recording';
import { projectRoot } from '../../../support/project';
import { TestRepository } from '../../../support/repository';
import { skip } from '../../../support/skip';
import { SupervisorFixture, until } from '../supervisorFixture';

const outSchema = v.object({ dir: v.literal('out'), msg: v.looseObject({}) });

/** What a program said in a recording. */
async function said(name: string): Promise<Record<string, unknown>[]> {
  return (await readRecording(name)).flatMap((line) => {
    const parsed = v.safeParse(outSchema, JSON.parse(line));
    return parsed.success ? [parsed.output.msg] : [];
  });
}

/** All that was told, the last of each list. */
function told(host: RecordingHost): ToldOffers {
  const offers = host.offers.map(fittingOffers);
  return Object.assign({}, ...offers) as ToldOffers; // all of them are of this type
}

describe('what an agent offers', () => {
  it('is asked of Claude once it has named its commands', async () => {
    const host = new RecordingHost();
    const conversation = (await driverFor('claude')).createConversation(conversationRequest(), host);
    conversation.start();
    const read = (message: object): void => conversation.readLine('stdout', JSON.stringify(message));
    const init = { type: 'system', subtype: 'init', session_id: 's' };
    read(init);
    assert.equal(host.written.length, 1, 'a program that names no commands is not asked');
    read({ ...init, slash_commands: ['review'] });
    read({ ...init, slash_commands: ['review'] });
    assert.equal(host.written.length, 2);
    const asked = v.parse(v.object({ request_id: v.string() }), JSON.parse(host.written[1] ?? ''));
    const answer = (await said('claude-control')).find(
      ({ type, response }) =>
        type === 'control_response' &&
        v.is(v.looseObject({ response: v.looseObject({ models: v.unknown() }) }), response),
    );
    read({ ...answer, response: { ...v.parse(v.looseObject({}), answer?.['response']), ...asked } });
    const { models, commands } = told(host);
    assert.deepEqual(models?.slice(0, 2), [
      {
        id: 'default',
        name: 'Default (recommended)',
        description: 'Use the default model (currently Opus 5.5) · $4/$20 per Mtok',
        isDefault: true,
      },
      { id: 'opus', name: 'Opus', description: 'Opus 5.5 · Best for everyday, complex tasks · $4/$20 per Mtok' },
    ]);
    assert.ok(commands?.some(({ name }) => name === 'code-review'));
    assert.deepEqual(host.of('error'), []);
  });

  it('is what Claude named where it does not understand the question', async () => {
    const host = new RecordingHost();
    const conversation = (await driverFor('claude')).createConversation(conversationRequest(), host);
    conversation.readLine(
      'stdout',
      JSON.stringify({ type: 'system', subtype: 'init', session_id: 's', slash_commands: ['review'] }),
    );
    const { request_id } = v.parse(v.object({ request_id: v.string() }), JSON.parse(host.written[0] ?? ''));
    const response = { subtype: 'error', request_id, error: 'Unsupported' };
    conversation.readLine('stdout', JSON.stringify({ type: 'control_response', response }));
    assert.deepEqual(told(host), { commands: [{ name: 'review' }] });
    assert.deepEqual(host.of('error'), []);
  });

  it('is asked of Codex', async () => {
    const host = new RecordingHost();
    const conversation = (await driverFor('codex')).createConversation(conversationRequest(), host);
    conversation.start();
    const answer = (result: object): void => {
      const { id } = v.parse(v.object({ id: v.number() }), JSON.parse(host.written.at(-1) ?? ''));
      conversation.readLine('stdout', JSON.stringify({ id, result }));
    };
    answer({});
    answer({ thread: { id: 't' } });
    const texts = { upgrade: null, description: 'Latest workhorse model.', defaultReasoningEffort: 'low' };
    answer({
      data: [
        { id: 'a', model: 'gpt-6.1-sol', displayName: 'GPT-6.1-Sol', hidden: false, isDefault: true, ...texts },
        { id: 'b', model: 'internal', displayName: 'Internal', hidden: true, isDefault: false, ...texts },
      ],
      nextCursor: null,
    });
    assert.deepEqual(told(host), {
      models: [{ id: 'gpt-6.1-sol', name: 'GPT-6.1-Sol', description: 'Latest workhorse model.', isDefault: true }],
    });
  });

  for (const [recording, model, command] of [
    ['claude-acp-acp-basic', 'fable', 'code-review'],
    ['codex-acp-acp-basic', 'gpt-6-astra', 'plan'],
    ['opencode-acp-basic', 'opencode/big-pickle', 'customize-opencode'],
    ['gemini-acp-basic', 'auto', 'memory show'],
  ] as const)
    it(`is told by an agent of the Agent Client Protocol: ${recording}`, async () => {
      const host = new RecordingHost();
      const conversation = (await driverFor('acp')).createConversation(conversationRequest(), host);
      conversation.start();
      for (const message of await said(recording)) conversation.readLine('stdout', JSON.stringify(message));
      const { models = [], commands = [] } = told(host);
      assert.ok(
        models.some(({ id }) => id === model),
        JSON.stringify(models),
      );
      assert.ok(
        commands.some(({ name }) => name === command),
        JSON.stringify(commands),
      );
    });

  it('is on one line, and is left out where it cannot be said', () => {
    const offers = fittingOffers({
      models: [
        { id: '' },
        { id: 'a\nb' },
        { id: 'x'.repeat(201) },
        { id: 'good', name: ' Good\n one ', description: null },
      ],
      commands: [...Array.from({ length: 600 }, (_, index) => ({ name: `c${index}`, description: 'd'.repeat(900) }))],
    });
    assert.deepEqual(offers.models, [{ id: 'good', name: 'Good one' }]);
    assert.equal(offers.commands?.length, 500);
    assert.ok((offers.commands[0]?.description?.length ?? 0) <= 201);
  });
});

describe('agentOffers', () => {
  let fixture: SupervisorFixture;
  let window: Supervisor;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    const path = join(projectRoot, 'test/support/agents/offeringAgent.mjs');
    window = fixture.window({
      changes: { agents: { offering: { driver: 'claude', path } } },
    });
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('tells what the agent told in its last run here, and only models elsewhere', async function () {
    if (process.platform === 'win32') return skip(this, 'a script is no program on Windows');
    const repository = fixture.repository.path;
    const nothing = { models: [], commands: [] };
    assert.deepEqual(await window.agentOffers('offering', repository), nothing);
    const { id } = await window.createSession({ repository, agent: 'offering', prompt: 'go', model: 'swift' });
    const session = await until(window, id, ({ status }) => status === 'Completed', 'the end');
    assert.equal(session.model, 'swift');
    const offers = await window.agentOffers('offering', repository);
    assert.deepEqual(offers, {
      models: [
        { id: 'default', name: 'Default (recommended)', description: 'Use the default model', isDefault: true },
        { id: 'swift', name: 'Swift', description: 'Fast answers' },
      ],
      commands: [
        { name: 'review', description: 'Reviews the changes', argumentHint: '<branch>' },
        { name: 'release notes', description: 'Writes them' },
      ],
    });
    const elsewhere = await TestRepository.create();
    assert.deepEqual(await window.agentOffers('offering', elsewhere.path), { ...nothing, models: offers.models });
    await elsewhere.remove();
    assert.deepEqual(await window.agentOffers('demo', repository), nothing);
    await assert.rejects(window.agentOffers('nobody', repository), { code: 'AGENT_UNKNOWN' });
    await assert.rejects(window.agentOffers('demo', fixture.storageDirectory), { code: 'NO_REPOSITORY' });

    const folder = join(
      new StorePaths(fixture.storageDirectory).offers,
      (await readdir(new StorePaths(fixture.storageDirectory).offers))[0] ?? '',
    );
    const [file = ''] = await readdir(folder);
    await writeFile(join(folder, file), '{');
    assert.deepEqual(await window.agentOffers('offering', repository), nothing, 'a damaged file counts as none');
    await rm(join(folder, file));
    await mkdir(join(folder, file));
    await window.sendMessage(id, 'again');
    await until(window, id, ({ runs, status }) => runs.length === 2 && status === 'Completed', 'the second run');
  });
});

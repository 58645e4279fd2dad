import assert from 'node:assert/strict';
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import { CorralError } from '../../../../src/storage/errors';
import { summarizeAgents } from '../../../../src/supervisor/agents/agentDetection';
import {
  accountOf,
  configuredEnvironment,
  listAgents,
  parseAgentSettings,
  resolveAgent,
} from '../../../../src/supervisor/agents/agentRegistry';

describe('the registry of agents', () => {
  let folder = '';
  let program = '';
  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'corral agents ')));
    program = join(folder, process.platform === 'win32' ? 'agent.exe' : 'agent');
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o755);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('resolves an agent with what the settings say', async () => {
    const agents = parseAgentSettings({
      mine: { driver: 'claude', path: program, args: ['--x'], env: { KEY: '1' }, model: 'm', permissionMode: 'ask' },
      claude: { path: program },
    });
    assert.deepEqual(await resolveAgent('mine', { agents, bundles: '/dist' }), {
      driver: 'claude',
      program,
      programArguments: ['--x'],
      environment: {},
      model: 'm',
      permissionMode: 'ask',
    });
    assert.deepEqual(
      [configuredEnvironment('mine', agents), configuredEnvironment('constructor', agents)],
      [{ KEY: '1' }, {}],
    );
    assert.equal((await resolveAgent('claude', { agents, bundles: '/dist' })).program, program);
    assert.deepEqual(await resolveAgent('command', { agents, bundles: '/dist', argv: [program, 'a b', '{prompt}'] }), {
      driver: 'command',
      program,
      programArguments: ['a b', '{prompt}'],
      environment: {},
    });
    const gemini = parseAgentSettings({ gemini: { path: program, args: ['--debug'] } });
    assert.deepEqual((await resolveAgent('gemini', { agents: gemini, bundles: '/dist' })).programArguments, [
      '--debug',
      '--acp',
    ]);
    const asCommand = parseAgentSettings({ gemini: { driver: 'command', path: program } });
    assert.deepEqual((await resolveAgent('gemini', { agents: asCommand, bundles: '/dist' })).programArguments, []);
    const demo = await resolveAgent('demo', { agents, bundles: '/dist' });
    assert.deepEqual(
      [demo.driver, demo.program, demo.programArguments],
      ['claude', process.execPath, [join('/dist', 'demoAgent.js')]],
    );
  });

  it('tells which agents share the usage limits of one account', () => {
    const agents = parseAgentSettings({
      claude: { model: 'opus' },
      'claude-fast': { driver: 'claude', path: 'claude', model: 'haiku', env: {} },
      'claude-work': { driver: 'claude', path: 'claude', env: { CLAUDE_CONFIG_DIR: '/home/me/.claude-work' } },
      mine: { driver: 'acp', path: 'mine' },
    });
    const names = ['claude', 'claude-fast', 'claude-work', 'codex', 'gemini', 'mine', 'demo'];
    assert.deepEqual(
      names.map((name) => accountOf(name, agents)),
      ['claude', 'claude', 'claude-work', 'codex', 'gemini', 'mine', 'demo'],
    );
  });

  it('lists the built-in agents before those of the settings', () => {
    const builtIn = listAgents({});
    assert.deepEqual(builtIn[0], { name: 'claude', driver: 'claude', description: 'Claude Code' });
    const listed = listAgents(
      parseAgentSettings({ mine: { driver: 'acp', path: program }, gemini: { driver: 'stream' }, broken: {} }),
    );
    assert.deepEqual(
      listed.slice(0, -1).map(({ name }) => name),
      builtIn.map(({ name }) => name),
    );
    assert.deepEqual(listed.at(-1), { name: 'mine', driver: 'acp', description: program });
    assert.equal(listed.find(({ name }) => name === 'gemini')?.driver, 'stream');
  });

  it('refuses unknown agents and wrong settings with a code that says why', async () => {
    const options = {
      agents: parseAgentSettings({ broken: { path: 'x' }, gone: { driver: 'claude', path: join(folder, 'gone') } }),
      bundles: '/dist',
    };
    await assert.rejects(resolveAgent('nobody', options), { code: 'AGENT_UNKNOWN' });
    await assert.rejects(resolveAgent('constructor', options), { code: 'AGENT_UNKNOWN' });
    await assert.rejects(resolveAgent('broken', options), { code: 'SETTINGS_INVALID' });
    await assert.rejects(resolveAgent('gone', options), { code: 'AGENT_NOT_FOUND' });
    await assert.rejects(resolveAgent('command', options), { code: 'INVALID_ARGUMENT' });
    for (const settings of ['claude', null])
      assert.throws(() => parseAgentSettings(settings), { code: 'SETTINGS_INVALID' }, JSON.stringify(settings));
  });

  it('lets a wrong entry stop its own agent alone, and names it and the mistake (20)', async () => {
    const wrong = {
      a: { driver: 'telepathy' },
      b: { driver: 'claude', arguments: [] },
      '../x': { driver: 'claude' },
      c: { driver: 'claude', env: { A: 1 } },
      codex: { path: 7 },
    };
    const options = {
      agents: parseAgentSettings({ ...wrong, good: { driver: 'claude', path: program } }),
      bundles: '/dist',
    };
    assert.equal((await resolveAgent('good', options)).program, program);
    const listed = listAgents(options.agents).map(({ name }) => name);
    for (const name of Object.keys(wrong)) {
      assert.ok(listed.includes(name), name);
      await assert.rejects(resolveAgent(name, options), (error: unknown) => {
        assert.ok(error instanceof CorralError);
        assert.equal(error.code, 'SETTINGS_INVALID');
        assert.ok(error.message.includes(`“${name}`), error.message);
        return true;
      });
    }
    const summaries = await summarizeAgents({ ...options, runProcess: runWithNode });
    assert.deepEqual(
      summaries
        .filter(({ problemCause }) => problemCause === 'settings')
        .map(({ name }) => name)
        .sort(),
      Object.keys(wrong).sort(),
    );
  });
});

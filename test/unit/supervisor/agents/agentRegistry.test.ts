import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { CorralError } from '../../../../src/storage/errors';
import {
  configuredEnvironment,
  listAgents,
  parseAgentSettings,
  resolveAgent,
} from '../../../../src/supervisor/agents/agentRegistry';
import { findProgram, shimTarget } from '../../../../src/supervisor/agents/discovery';

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof CorralError && error.code === code;

describe('agents', () => {
  let folder = '';
  let program = '';
  const name = process.platform === 'win32' ? 'agent.exe' : 'agent';
  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'corral agents ')));
    program = join(folder, 'b i n', name);
    await mkdir(join(folder, 'b i n', 'folder'), { recursive: true });
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o755);
    await writeFile(join(folder, 'b i n', 'plain'), '');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const find = (wanted: string, path = ''): ReturnType<typeof findProgram> =>
    findProgram({ program: wanted, environment: { PATH: path }, folders: [] });

  it('are found on PATH, in the usual folders, and by an absolute path', async () => {
    const found = { program, programArguments: [] };
    assert.deepEqual(await find(program), found);
    assert.deepEqual(
      await find('agent', ['', 'relative', join(folder, 'missing'), join(folder, 'b i n')].join(delimiter)),
      found,
    );
    assert.deepEqual(await findProgram({ program: 'agent', environment: {}, folders: [join(folder, 'b i n')] }), found);
    assert.deepEqual(await find(`~/${relative(homedir(), program)}`), found);
  });

  it('are not found where there is no program', async () => {
    const path = join(folder, 'b i n');
    for (const wanted of ['missing', 'folder', '', `./${name}`, join(folder, 'missing'), path])
      assert.equal(await find(wanted, path), undefined, wanted);
    if (process.platform !== 'win32')
      assert.equal(await find('plain', path), undefined, 'a file that cannot be executed');
  });

  it('are found behind the batch file that npm writes on Windows', () => {
    const shim =
      '@ECHO off\r\nSETLOCAL\r\nCALL :find_dp0\r\nIF EXIST "%dp0%\\node.exe" (\r\n  SET "_prog=%dp0%\\node.exe"\r\n)\r\n"%_prog%"  "%dp0%\\node_modules\\some-agent\\cli.js" %*\r\n';
    assert.deepEqual(shimTarget(shim), ['node_modules', 'some-agent', 'cli.js']);
    assert.deepEqual(shimTarget('@"%~dp0\\node_modules\\a\\bin\\a.exe"   %*'), ['node_modules', 'a', 'bin', 'a.exe']);
    assert.equal(shimTarget('echo hello'), undefined);
  });

  it('are resolved with what was configured', async () => {
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
    const talking = parseAgentSettings({ gemini: { driver: 'command', path: program } });
    assert.deepEqual((await resolveAgent('gemini', { agents: talking, bundles: '/dist' })).programArguments, []);
    const demo = await resolveAgent('demo', { agents, bundles: '/dist' });
    assert.deepEqual(
      [demo.driver, demo.program, demo.programArguments],
      ['claude', process.execPath, [join('/dist', 'demoAgent.js')]],
    );
    assert.deepEqual(
      listAgents(agents).map((agent) => `${agent.name} ${agent.driver}`),
      [
        'claude claude',
        'codex codex',
        'gemini acp',
        'opencode acp',
        'goose acp',
        'demo claude',
        'command command',
        'mine claude',
      ],
    );
  });

  it('are refused with a code that says why', async () => {
    const options = {
      agents: parseAgentSettings({ broken: { path: 'x' }, gone: { driver: 'claude', path: join(folder, 'gone') } }),
      bundles: '/dist',
    };
    await assert.rejects(resolveAgent('nobody', options), hasCode('AGENT_UNKNOWN'));
    await assert.rejects(resolveAgent('constructor', options), hasCode('AGENT_UNKNOWN'));
    await assert.rejects(resolveAgent('broken', options), hasCode('SETTINGS_INVALID'));
    await assert.rejects(resolveAgent('gone', options), hasCode('AGENT_NOT_FOUND'));
    await assert.rejects(resolveAgent('command', options), hasCode('INVALID_ARGUMENT'));
    for (const settings of [
      'claude',
      null,
      { a: { driver: 'telepathy' } },
      { a: { driver: 'claude', arguments: [] } },
      { '../x': { driver: 'claude' } },
      { a: { driver: 'claude', env: { A: 1 } } },
    ]) {
      assert.throws(() => parseAgentSettings(settings), hasCode('SETTINGS_INVALID'), JSON.stringify(settings));
    }
  });
});

import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { findProgram, shimTarget } from '../../../../src/supervisor/agents/discovery';

describe('the discovery of programs', () => {
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

  it('finds a program on PATH, in the usual folders, and by its absolute path', async () => {
    const found = { program, programArguments: [] };
    assert.deepEqual(await find(program), found);
    assert.deepEqual(
      await find('agent', ['', 'relative', join(folder, 'missing'), join(folder, 'b i n')].join(delimiter)),
      found,
    );
    assert.deepEqual(await findProgram({ program: 'agent', environment: {}, folders: [join(folder, 'b i n')] }), found);
    assert.deepEqual(await find(`~/${relative(homedir(), program)}`), found);
  });

  it('finds nothing where there is no program', async () => {
    const path = join(folder, 'b i n');
    for (const wanted of ['missing', 'folder', '', `./${name}`, join(folder, 'missing'), path])
      assert.equal(await find(wanted, path), undefined, wanted);
    if (process.platform !== 'win32')
      assert.equal(await find('plain', path), undefined, 'a file that cannot be executed');
  });

  it('finds the script behind the batch file that npm writes on Windows', () => {
    const shim =
      '@ECHO off\r\nSETLOCAL\r\nCALL :find_dp0\r\nIF EXIST "%dp0%\\node.exe" (\r\n  SET "_prog=%dp0%\\node.exe"\r\n)\r\n"%_prog%"  "%dp0%\\node_modules\\some-agent\\cli.js" %*\r\n';
    assert.deepEqual(shimTarget(shim), ['node_modules', 'some-agent', 'cli.js']);
    assert.deepEqual(shimTarget('@"%~dp0\\node_modules\\a\\bin\\a.exe"   %*'), ['node_modules', 'a', 'bin', 'a.exe']);
    assert.equal(shimTarget('echo hello'), undefined);
  });
});

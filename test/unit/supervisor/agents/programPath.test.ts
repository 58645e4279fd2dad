import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'mocha';
import { it } from 'mocha';
import { withProgramFolder } from '../../../../src/supervisor/agents/programPath';
import { describeIf } from '../../../support/skip';
import { RunnerFixture } from '../runner/runnerFixture';

/** An interpreter that no PATH has. */
const INTERPRETER = 'corral-test-node';

describeIf(
  process.platform !== 'win32',
  'Windows starts no scripts by their first line',
  'the PATH of a program',
  () => {
    let folder = '';
    beforeEach(async () => {
      folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-path-')));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    /** A script below the folder that the interpreter runs. */
    async function writeScript(path: string, firstLine: string): Promise<string> {
      const script = join(folder, path);
      await mkdir(dirname(script), { recursive: true });
      await writeFile(script, `${firstLine}\nconsole.log('ran by ' + process.execPath);\n`);
      await chmod(script, 0o755);
      return script;
    }

    const pathOf = async (program: string, path: string): Promise<string | undefined> =>
      (await withProgramFolder({ PATH: path }, program))['PATH'];

    it('runs an agent of a version manager, whose interpreter lies beside it and not on PATH (D5)', async () => {
      const fixture = await RunnerFixture.create();
      try {
        const cli = await writeScript('lib/node_modules/agent/cli.js', `#!/usr/bin/env ${INTERPRETER}`);
        await mkdir(join(folder, 'bin'));
        await symlink(process.execPath, join(folder, 'bin', INTERPRETER));
        await symlink(cli, join(folder, 'bin', 'agent'));
        const run = await fixture.run([join(folder, 'bin', 'agent')]);
        await run.launch({ ...process.env, PATH: '/usr/bin:/bin' });
        assert.equal((await run.end()).reason, 'Completed');
        assert.match(await run.output(), /^ran by /);
      } finally {
        await fixture.dispose();
      }
    });

    it("has the program's own folder, first where its interpreter lies there (D5)", async () => {
      const path = ['/usr/bin', '/bin'].join(delimiter);
      for (const firstLine of [`#!/usr/bin/env ${INTERPRETER}`, `#! /usr/bin/env -S A=b ${INTERPRETER} --x`]) {
        const program = await writeScript('own/agent', firstLine);
        assert.equal(await pathOf(program, path), [path, dirname(program)].join(delimiter), 'no interpreter anywhere');
        const interpreter = await writeScript(`own/${INTERPRETER}`, '#!/bin/sh');
        assert.equal(await pathOf(program, path), [dirname(program), path].join(delimiter));
        await rm(interpreter);
      }
      const binary = await writeScript('own/binary', '\u007fELF');
      assert.equal(await pathOf(binary, path), [path, dirname(binary)].join(delimiter));
      assert.equal(await pathOf(binary, ''), dirname(binary));
    });

    it('leaves the order of a PATH that has the folder, and of one for a program without a path (D5)', async () => {
      const program = await writeScript('own/agent', `#!/usr/bin/env ${INTERPRETER}`);
      await writeScript(`own/${INTERPRETER}`, '#!/bin/sh');
      const path = ['/usr/bin', dirname(program)].join(delimiter);
      assert.equal(await pathOf(program, path), path);
      assert.equal(await pathOf('agent', path), path);
    });
  },
);

import assert from 'node:assert/strict';
import { execa } from 'execa';
import { it } from 'mocha';
import { join } from 'node:path';
import { projectRoot } from '../../../../support/project';
import { describeIf } from '../../../../support/skip';

describeIf(
  process.platform !== 'win32',
  'the simulated hosts listen on sockets of Unix',
  'a window with many hosts',
  () => {
    it('starts, follows, loses sight of and finds again all runs of twenty hosts, and loses nothing', async () => {
      const options = ['--hosts=20', '--sessions=200', '--running=80', '--seconds=2', '--rate=200'];
      const { exitCode, stdout } = await execa(
        process.execPath,
        [join(projectRoot, 'out/simulation/main.js'), ...options],
        {
          reject: false,
          timeout: 120_000,
        },
      );
      assert.match(stdout, /; 0 runs and 0 sessions lost/);
      assert.equal(exitCode, 0);
    });
  },
);

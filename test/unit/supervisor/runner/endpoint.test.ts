import assert from 'node:assert/strict';
import { rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { it } from 'mocha';
import { Endpoint } from '../../../../src/supervisor/runner/endpoint';
import { isOnLocalDisk } from '../../../../src/supervisor/system/localDisk';
import { describeIf, skip } from '../../../support/skip';
import { RunnerFixture, script } from './runnerFixture';

describeIf(process.platform !== 'win32', 'a pipe of Windows lies in no folder', 'the socket of a runner', () => {
  it('does not bring back the folder of a run that is being erased', async function () {
    const fixture = await RunnerFixture.create();
    try {
      if (!(await isOnLocalDisk(fixture.root))) skip(this, 'only a local disk of Linux holds the sockets of its runs');
      const { paths, bootstrap } = await fixture.run(script(''));
      const endpoint = await Endpoint.open(paths, bootstrap, new Promise(() => undefined));
      assert.equal(dirname(endpoint.address), paths.root);
      await rm(paths.root, { recursive: true });
      await assert.rejects(endpoint.ensureListening(), /is not private to this user/);
      await assert.rejects(stat(paths.root), { code: 'ENOENT' });
      await endpoint.close();
    } finally {
      await fixture.dispose();
    }
  });
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { isOnLocalDisk } from '../../../../src/supervisor/system/localDisk';
import { Container, noNamespaces, withBundle } from '../../../support/container';
import { projectRoot } from '../../../support/project';
import { skip } from '../../../support/skip';
import { SupervisorFixture, until } from '../supervisorFixture';

describe('a run whose container was stopped', function () {
  let fixture: SupervisorFixture;
  before(async function () {
    const reason = await noNamespaces();
    if (reason !== undefined) skip(this, reason);
  });
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  /** A session that a window in another pid namespace made; both are gone when this resolves. */
  async function sessionOfStoppedContainer(): Promise<string> {
    return await withBundle('supervisor/containerWindow.ts', async (program) => {
      const container = new Container([
        program,
        fixture.storageDirectory,
        join(projectRoot, 'dist'),
        fixture.repository.path,
      ]);
      const id = await container.said;
      await container.stop();
      return id;
    });
  }

  it('is known to be dead by its socket in the store, and can be resumed (C1)', async function () {
    if (!(await isOnLocalDisk(fixture.storageDirectory)))
      skip(this, 'only a local disk of Linux holds sockets of runs');
    const id = await sessionOfStoppedContainer();
    const window = fixture.window();
    await window.whenRecovered();
    const session = await window.getSession(id);
    assert.deepEqual([session.restored, session.unreachable, session.recoveryHint], [true, undefined, 'resume']);
    await window.resume(id, 'talk I am back');
    await until(window, id, ({ status }) => status === 'Completed', 'the end of the next run');
  });
});

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { StorePaths } from '../../src/storage/paths';
import { readClaim } from '../../src/supervisor/runnerProtocol/claimFile';
import { readdirIfExists } from '../../src/common/readdirIfExists';
import { Container, noNamespaces, withBundle } from '../support/container';
import { projectRoot } from '../support/project';
import { skip } from '../support/skip';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { Window } from '../support/vscode/window';

describe('a session whose container was removed', () => {
  before(async function () {
    const reason = await noNamespaces();
    if (reason !== undefined) skip(this, reason);
  });
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({
      repository: { name: 'greeter' },
      prepare: async ({ globalStorage }, repository) => {
        await mkdir(globalStorage, { recursive: true });
        await withBundle('supervisor/containerWindow.ts', async (program) => {
          const container = new Container([program, globalStorage, join(projectRoot, 'dist'), repository.path]);
          const session = new StorePaths(globalStorage).session(await container.said);
          await container.stop();
          // As on a disk where a socket proves nothing.
          for (const runId of await readdirIfExists(session.runs)) {
            const claim = await readClaim(session.run(runId));
            if (claim?.state === 'claimed') await rm(claim.endpoint);
          }
        });
      },
    }),
    async (opened) => {
      ({ window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  it('says that it does not answer, and after a minute can be marked as gone, from its row and from errors (C1)', async () => {
    await sessions.row('not answering').waitFor();
    await sessions.row('not answering for').waitFor({ timeout: 120_000 });
    await window.runCommand('Corral: Stop Session');
    await window.notification('Mark as Gone').getByRole('button', { name: 'Mark as Gone…', exact: true }).waitFor();
    await sessions.row('not answering for').click({ button: 'right' });
    await window.page.getByRole('menuitem', { name: 'Mark as Gone…', exact: true }).waitFor();
    await window.picture('mark as gone');
    await window.page.getByRole('menuitem', { name: 'Mark as Gone…', exact: true }).click();
    await window.page.getByText('in another container or on another machine').first().waitFor();
    await window.picture('mark as gone question');
    await window.page.getByRole('button', { name: 'Mark as Gone', exact: true }).click();
    await sessions.row('Stopped').waitFor();
    await window.runCommand('Corral: Delete Session');
    await window.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await sessions.row('Stopped').waitFor({ state: 'detached' });
  });
});

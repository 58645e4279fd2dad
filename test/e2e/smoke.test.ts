import { describe, it } from 'mocha';
import { useWindow } from '../support/vscode/useWindow';
import type { VscodeServer } from '../support/vscode/vscodeServer';
import { waitFor } from '../support/wait';
import type { Window } from '../support/vscode/window';

describe('the packaged extension', () => {
  let server: VscodeServer;
  let window: Window;
  useWindow(
    () => ({ repository: { name: 'first repository' } }),
    (opened) => {
      ({ server, window } = opened);
      return Promise.resolve();
    },
  );

  it('starts and shows, behind its icon, what can be done first', async () => {
    await window.showContainer('Corral');
    await window.page.getByRole('button', { name: 'Try the Demo' }).waitFor();
    await window.picture('smoke');
  });

  it('comes back after its extension host was killed', async () => {
    await server.killExtensionHost();
    // A command that met the dying host is lost with it, as it would be for a person, who asks again.
    await waitFor(
      async () => {
        await window.runCommand('Corral: New Session');
        await window.quickInput.getByPlaceholder('What should the agent do?').waitFor({ timeout: 5_000 });
        return true;
      },
      { what: 'New Session after the kill' },
    );
  });
});

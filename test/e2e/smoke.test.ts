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

  it('starts and offers the demo in its view', async () => {
    await window.showContainer('Corral');
    await window.page.getByRole('button', { name: 'Try the Demo' }).waitFor();
    await window.picture('smoke');
  });

  it('works again after its extension host was killed', async () => {
    await server.killExtensionHost();
    // A command may be lost with the dying host, so it is run again, as a person would.
    await waitFor(
      async () => {
        await window.runCommand('Corral: New Session…');
        await window.quickInput.getByPlaceholder('What should the agent do?').waitFor({ timeout: 5_000 });
        return true;
      },
      { what: 'New Session after the kill' },
    );
  });
});

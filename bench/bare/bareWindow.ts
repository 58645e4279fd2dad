import { VscodeServer } from '../../test/support/vscode/vscodeServer';
import { openBrowser, Window } from '../../test/support/vscode/window';
import { installBare } from './installBare';

/** A window without Corral, which shows the bare extension's page that gets messages. */
export class BareWindow {
  readonly server: VscodeServer;
  readonly #end: () => Promise<void>;

  private constructor(server: VscodeServer, end: () => Promise<void>) {
    this.server = server;
    this.#end = end;
  }

  static async open(folder: string): Promise<BareWindow> {
    const server = await VscodeServer.start({ extensionsDirectory: await installBare({ isAlone: true }) });
    const browser = await openBrowser();
    const end = async (): Promise<void> => {
      await browser.close();
      await server.stop();
    };
    try {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      const window = await Window.open(context, server, folder);
      await window.showContainer('Bare');
      await window.treeItems('Bare').filter({ hasText: 'Live page' }).first().click();
      await window.timeline('Live page');
      return new BareWindow(server, end);
    } catch (error) {
      await end();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#end();
  }
}

import { after, afterEach, before } from 'mocha';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { reportFailure } from './failureReport';
import { installedExtensions } from '../project';
import { TestRepository } from '../repository';
import { SessionsView } from './sessionsView';
import { VscodeServer, type ServerOptions } from './vscodeServer';
import { openBrowser, Window } from './window';

/** A VS Code with the packaged extension, and a window of it on a repository. */
export interface OpenedWindow {
  repository: TestRepository;
  server: VscodeServer;
  context: BrowserContext;
  window: Window;
  sessions: SessionsView;
}

export interface WindowOptions {
  repository: Parameters<typeof TestRepository.create>[0];
  server?: ServerOptions;
  context?: BrowserContextOptions;
  /** Prepares what must be there before the window opens, such as old sessions. */
  prepare?: (server: VscodeServer, repository: TestRepository) => Promise<void>;
}

/**
 * Hooks for a `describe` of the tier e2e: opens a window before the first test, removes it after the last, and reports
 * failures. `options` is called after earlier `before` hooks; `begin` does what every test needs.
 */
export function useWindow(options: () => WindowOptions, begin: (opened: OpenedWindow) => Promise<void>): void {
  let repository: TestRepository | undefined;
  let server: VscodeServer | undefined;
  let browser: Browser | undefined;
  let window: Window | undefined;

  before(async () => {
    const wishes = options();
    repository = await TestRepository.create(wishes.repository);
    server = await VscodeServer.start({
      extensionsDirectory: installedExtensions,
      reconnectionGraceSeconds: 1,
      ...wishes.server,
    });
    await wishes.prepare?.(server, repository);
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...wishes.context });
    window = await Window.open(context, server, repository.path);
    await begin({ repository, server, context, window, sessions: new SessionsView(window) });
  });

  afterEach(async function () {
    await reportFailure(this.currentTest, window, server);
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await repository?.remove();
  });
}

/**
 * A VS Code window with the packaged extension, for cases that look at a page. The extension must be in out/extensions,
 * where `npm run bench` installs it.
 */
import type { CDPSession, Frame } from 'playwright-core';
import * as v from 'valibot';
import { openStore } from '../src/storage/store/store';
import type { StorePaths } from '../src/storage/paths';
import { TestRepository } from '../test/support/repository';
import { VscodeServer } from '../test/support/vscode/vscodeServer';
import { waitFor } from '../test/support/wait';
import { openBrowser, Window } from '../test/support/vscode/window';
import { installBare } from './bare/installBare';

/** Notes the time of the last mouse press, by the clock that all frames share. */
const NOTE_PRESS = 'addEventListener("pointerdown", () => { window.pressedMs = Date.now(); }, true)';
const PAINTED_MARK = 'bench.painted';
/** Runs in the frame of an extension's page, and notes when that has painted its first event. */
const NOTE_PAINTED = `{
  const look = () => {
    if (document.querySelector('[data-testid=event]') === null) requestAnimationFrame(look);
    else requestAnimationFrame(() => setTimeout(() => performance.mark('${PAINTED_MARK}')));
  };
  look();
}`;
/** When the page started and when it painted its first events, by the same clock. */
const PAGE_TIMES = `({
  startMs: performance.timeOrigin,
  paintedMs: performance.timeOrigin + performance.getEntriesByName('${PAINTED_MARK}')[0]?.startTime,
})`;
const pageTimesSchema = v.object({ startMs: v.number(), paintedMs: v.number() });

export interface OpenedPage {
  frame: Frame;
  /** From the click on the row to the first events. */
  openMs: number;
  /** From the start of the page to the first events, without what VS Code does before that. */
  pageMs: number;
}

export class BenchWindow {
  readonly repository: TestRepository;
  readonly server: VscodeServer;
  readonly window: Window;
  readonly #session: CDPSession;

  private constructor(repository: TestRepository, server: VscodeServer, window: Window, session: CDPSession) {
    this.repository = repository;
    this.server = server;
    this.window = window;
    this.#session = session;
  }

  /** `fill` writes into the store before the window opens. */
  static async use<T>(
    fill: (paths: StorePaths) => Promise<void>,
    work: (opened: BenchWindow) => Promise<T>,
  ): Promise<T> {
    const repository = await TestRepository.create();
    const server = await VscodeServer.start({ extensionsDirectory: await installBare() });
    const browser = await openBrowser();
    try {
      await fill((await openStore(server.globalStorage)).paths);
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      const window = await Window.open(context, server, repository.path);
      window.page.on('framenavigated', (frame) => {
        // One that goes at once is no page.
        if (frame.url().includes('/fake.html')) void frame.evaluate(NOTE_PAINTED).catch(() => undefined);
      });
      try {
        await window.page.evaluate(NOTE_PRESS);
        await window.showContainer('Corral');
        return await work(new BenchWindow(repository, server, window, await context.newCDPSession(window.page)));
      } catch (error) {
        await window.picture('bench-failed');
        throw error;
      }
    } finally {
      await browser.close();
      await server.stop();
      await repository.remove();
    }
  }

  /** Loads the window again, with no editor open. */
  async reload(): Promise<void> {
    await this.window.closeEditors();
    await this.window.reload();
    await this.window.page.evaluate(NOTE_PRESS);
  }

  /** Opens a timeline by its row in the tree, with no other editor open. */
  async openTimeline(title: string): Promise<OpenedPage> {
    await this.window.closeEditors();
    return await this.open('Sessions', title);
  }

  /** Opens a page of the bare extension, with no other editor open. */
  async openBare(name: 'Empty page' | 'Live page'): Promise<OpenedPage> {
    await this.window.closeEditors();
    return await this.open('Bare', name);
  }

  /** Opens the page of a row in the view, with what is open left as it is. */
  async open(view: string, title: string): Promise<OpenedPage> {
    await this.window.treeItems(view).filter({ hasText: title }).first().click();
    const frame = await this.window.timeline(title);
    const { startMs, paintedMs } = await waitFor(
      async () => v.parse(pageTimesSchema, await frame.evaluate(PAGE_TIMES)),
      { what: 'the first events' },
    );
    const pressedMs = v.parse(v.number(), await this.window.page.evaluate('window.pressedMs'));
    return { frame, openMs: paintedMs - pressedMs, pageMs: paintedMs - startMs };
  }

  /** Memory held by the scripts of the window, including the pages of extensions. */
  async heapMb(): Promise<number> {
    await this.#session.send('HeapProfiler.collectGarbage');
    return (await this.#session.send('Runtime.getHeapUsage')).usedSize / 1024 / 1024;
  }
}

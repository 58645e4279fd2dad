import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Frame, type Locator, type Page } from 'playwright-core';
import { projectRoot, readHost } from '../project';
import { THEMES, type Theme } from './themes';
import type { VscodeServer } from './vscodeServer';
import { waitFor } from '../wait';

const CHROMIUM_ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts headless Chromium, for root without its sandbox, which refuses root. */
export async function openBrowser(): Promise<Browser> {
  const { chromium: executablePath } = readHost();
  if (executablePath === undefined) throw new Error('No Chromium was found when the host was installed');
  return await chromium.launch({
    executablePath,
    args: process.getuid?.() === 0 ? [...CHROMIUM_ARGUMENTS, '--no-sandbox'] : CHROMIUM_ARGUMENTS,
  });
}

/** A window of VS Code in a page of the browser. Its methods name things as a person sees them. */
export class Window {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(60_000); // long enough for a machine that is several times slower
  }

  /** Opens a window on a folder, or an empty one, and waits until its workbench is ready. */
  static async open(context: BrowserContext, server: VscodeServer, folder?: string): Promise<Window> {
    const window = new Window(await context.newPage());
    await window.page.goto(server.url(folder));
    await window.ready();
    return window;
  }

  /** The next window that VS Code opens itself. Call it before the action that opens the window. */
  static async next(context: BrowserContext): Promise<Window> {
    const window = new Window(await context.waitForEvent('page', { timeout: 120_000 }));
    await window.ready();
    return window;
  }

  /** Waits until the workbench has restored its state, which is when extensions start. */
  async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .activitybar').waitFor({ timeout: 60_000 });
    await this.page.locator('[id="status.problems"]').waitFor({ timeout: 60_000 });
  }

  /** Loads the page again at once, so that VS Code has no time to keep anything. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Reloads the window by its command, which first lets VS Code keep what it knows of editors and views. */
  async reloadByCommand(): Promise<void> {
    const loaded = this.page.waitForEvent('load'); // it may load before the palette is seen to be closed
    await this.runCommand('Developer: Reload Window');
    await loaded;
    await this.ready();
  }

  /** Leaves Restricted Mode; for servers with `workspaceTrust`. */
  async trust(): Promise<void> {
    await this.runCommand('Workspaces: Manage Workspace Trust');
    await this.page.getByRole('button', { name: 'Trust', exact: true }).click();
    await this.page.locator('[id="status.workspaceTrust"]').waitFor({ state: 'hidden' });
    await this.page.keyboard.press('Escape');
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  /** The open quick input: palette, pick or input box. */
  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible');
  }

  /** Runs a command by its title in the palette, such as `Corral: New Session…`, as soon as it is there. */
  async runCommand(title: string): Promise<void> {
    const chosen = this.quickInput
      .locator('.monaco-list-row.focused')
      .filter({ has: this.page.locator('.label-name', { hasText: title }) });
    await waitFor(
      async () => {
        await this.page.keyboard.press('Escape');
        await this.page.keyboard.press('F1');
        await this.quickInput.locator('input').fill(`>${title}`, { timeout: 3_000 }); // it may be an older input that is being closed
        await chosen.waitFor({ timeout: 3_000 });
        return true;
      },
      { what: `the command ${title}` },
    );
    // By key, since a click could hit another row while the list is still being filtered.
    await this.page.keyboard.press('Enter');
    // The command's own input uses the same widget, so the palette must be closed before anyone types.
    await waitFor(
      async () => {
        // An input that is gone meanwhile is not the palette.
        const values = await Promise.all(
          (await this.quickInput.locator('input').all()).map(
            async (input) => await input.inputValue({ timeout: 1_000 }).catch(() => ''),
          ),
        );
        return values.every((value) => !value.startsWith('>'));
      },
      { what: 'the end of the palette' },
    );
  }

  /** Types into the quick input that is open or opens next, and presses Enter. */
  async answerInput(text: string): Promise<void> {
    await this.quickInput.locator('input').first().fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Picks the entry with this label in the quick pick that is open or opens next. */
  async pick(label: string): Promise<void> {
    await this.quickInput.getByRole('option').filter({ hasText: label }).first().click();
  }

  /** Chooses a colour theme and waits until the workbench and the webviews have it. */
  async useTheme({ label, workbenchClass, webviewClass }: Theme): Promise<void> {
    const input = this.quickInput.getByPlaceholder(/^Select Color Theme/);
    await waitFor(
      async () => {
        await this.page.keyboard.press('Escape');
        // By keys, since the palette lists another command of this name first.
        await this.page.keyboard.press('Control+K');
        await this.page.keyboard.press('Control+T');
        await input.waitFor({ timeout: 5_000 });
        return true;
      },
      { what: 'the list of themes' },
    );
    await input.fill(label);
    await this.quickInput.getByRole('option', { name: label }).first().click();
    await this.page.locator(`.monaco-workbench.${workbenchClass}`).waitFor();
    const webviews = this.page.frames().filter((frame) => frame.url().includes('fake.html'));
    for (const webview of webviews) await webview.locator(`body.${webviewClass}`).waitFor();
    await this.page.mouse.move(0, 0);
  }

  /** Shows the view container with this title through its icon in the activity bar. */
  async showContainer(title: string): Promise<void> {
    const tab = this.containerTab(title);
    await tab.waitFor();
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
  }

  /** A badge adds its words to the title. */
  containerTab(title: string): Locator {
    return this.page.locator('.activitybar').getByRole('tab', { name: new RegExp(`^${title}( - |$)`) });
  }

  /** Rows of all visible trees, or of the view with this title. */
  treeItems(view?: string): Locator {
    return (view === undefined ? this.page : this.page.getByRole('tree', { name: view })).getByRole('treeitem');
  }

  /** Visible notifications with this text. */
  notification(text: string | RegExp): Locator {
    return this.page
      .locator('.notifications-toasts .notification-toast, .notifications-center .notification-list-item')
      .filter({ hasText: text });
  }

  /** The page of the composer in its view, and its text. */
  async composer(): Promise<{ frame: Frame; text: Locator }> {
    const frame = await this.webview('#root[data-place=view] [data-testid=choose-agent]');
    return { frame, text: frame.getByTestId('prompt') };
  }

  /** The document of a webview that has `selector`. It is the inner one of a webview's two frames. */
  async webview(selector: string, limitMs?: number): Promise<Frame> {
    return await waitFor(
      async () => {
        for (const frame of this.page.frames()) {
          if (frame.url().includes('fake.html') && (await frame.locator(selector).count()) > 0) return frame;
        }
        return undefined;
      },
      { what: `a webview with ${selector}`, ...(limitMs === undefined ? {} : { limitMs }) },
    );
  }

  /** Closes every editor and waits for the end of their webviews. */
  async closeEditors(): Promise<void> {
    await this.runCommand('View: Close All Editors');
    await waitFor(
      async () => {
        const webviews = this.page.frames().filter((frame) => frame.url().includes('fake.html'));
        // That of the composer's view stays. One that goes meanwhile is asked again.
        const views = webviews.map(
          async (frame) =>
            await frame
              .locator('#root[data-place=view]')
              .count()
              .catch(() => 0),
        );
        return (await Promise.all(views)).every((count) => count > 0);
      },
      { what: 'the end of the open webviews' },
    );
  }

  /** The timeline whose heading has `title`, once it shows `selector`. An older timeline may be open for a while. */
  async timeline(title: string, selector = '[data-testid=event]'): Promise<Frame> {
    return await this.webview(`body:has(h1:text(${JSON.stringify(title)})) ${selector}`);
  }

  /** Takes a picture in each theme once `shown` has resolved. */
  async pictures(name: string, shown: () => Promise<void>): Promise<void> {
    for (const [suffix, theme] of Object.entries({
      light: THEMES.light,
      dark: THEMES.dark,
      contrast: THEMES['high contrast'],
    })) {
      await this.useTheme(theme);
      await shown();
      await this.picture(`${name}-${suffix}`);
    }
  }

  /** Saves a screenshot in out/pictures, or in docs/guide for `npm run pictures`. */
  async picture(name: string): Promise<void> {
    const target = join(projectRoot, process.env['CORRAL_PICTURES'] ?? 'out/pictures', `${name}.png`);
    await mkdir(dirname(target), { recursive: true });
    await this.page.screenshot({ path: target });
  }
}

import type { Locator } from 'playwright-core';
import * as v from 'valibot';
import { waitFor } from '../wait';
import type { Window } from './window';

/** Code for the page. It is text because this program has no types for a document. */
const RECORDER = `
  window.corralStates = [];
  new MutationObserver(() => {
    for (const item of document.querySelectorAll('[role=tree][aria-label="Sessions"] [role=treeitem]')) {
      const words = /, (Starting|Running|Completed|Failed|Stopped)( · needs input)?/.exec(item.getAttribute('aria-label') ?? '');
      const state = words === null ? undefined : words[1] + (words[2] ?? '');
      if (state !== undefined && state !== window.corralStates.at(-1)) window.corralStates.push(state);
    }
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label'] });
`;

/** The Sessions tree of a window, as a person sees it. */
export class SessionsView {
  readonly #window: Window;

  constructor(window: Window) {
    this.#window = window;
  }

  /** The first row that shows this text or tells it to screen readers, as it does with its status. */
  row(text: string, status = ''): Locator {
    const tree = this.#window.page.getByRole('tree', { name: 'Sessions' });
    const spoken = tree.getByRole('treeitem', { name: text });
    const ofStatus = tree.getByRole('treeitem', { name: status });
    return this.#window.treeItems('Sessions').filter({ hasText: text }).or(spoken).and(ofStatus).first();
  }

  /** The text of every row. */
  async rows(): Promise<string[]> {
    return await this.#window.treeItems('Sessions').allTextContents();
  }

  /** Clicks a button of a row, such as Allow, until what it does is to be seen. */
  async act(text: string, button: string, result: Locator, limitMs = 60_000): Promise<void> {
    // Its name ends with its key, where it has one.
    const name = new RegExp(`^${button.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}( \\(.*\\))?$`);
    const shown = this.row(text).getByRole('button', { name });
    const hint = this.#window.page.getByText('Nothing was done: the list was just changing.').first();
    await waitFor(
      async () => {
        // The row moves from under the pointer when other sessions end, and its buttons are hidden then.
        if (await result.isVisible()) return true;
        await this.row(text).hover({ timeout: 3_000 });
        await shown.click({ timeout: 3_000 });
        await result.or(hint).first().waitFor({ timeout: limitMs });
        return await result.isVisible();
      },
      { what: `what the button ${button} of ${text} does`, limitMs },
    );
  }

  /** Rests the pointer on a row until its tooltip shows this text. */
  async showTooltip(row: Locator, text: string): Promise<void> {
    const { page } = this.#window;
    const tooltip = page.locator('.monaco-hover').filter({ hasText: text }).first();
    await waitFor(
      async () => {
        // A row that is drawn anew below a resting pointer gets no tooltip before the pointer comes to it again.
        await page.mouse.move(0, 0);
        await row
          .locator('.monaco-icon-label')
          .first()
          .hover({ position: { x: 20, y: 8 }, timeout: 3_000 });
        await tooltip.waitFor({ timeout: 5_000 });
        return true;
      },
      { what: `the tooltip with ${text}` },
    );
  }

  /** Records from now on every state that a row shows, however briefly, until the window is loaded again. */
  async recordStates(): Promise<void> {
    await this.#window.page.evaluate(RECORDER);
  }

  async recordedStates(): Promise<string[]> {
    return v.parse(v.array(v.string()), await this.#window.page.evaluate('window.corralStates'));
  }
}

import * as v from 'valibot';
import * as vscode from 'vscode';
import { webviewTabs } from '../webview/webviewTabs';

export const TIMELINE_VIEW_TYPE = 'corral.timeline';
const KEY = 'corral.timelineTabs';
const savedSchema = v.object({
  /** The life of the editor window in which these tabs were open: another one after each reload. */
  windowId: v.string(),
  tabs: v.array(v.object({ sessionId: v.string(), title: v.string() })),
});
type SavedTabs = v.InferOutput<typeof savedSchema>;

/**
 * The titles of the open timelines. Kept, since an extension host that dies leaves its tabs behind in the window: nothing ever answers their pages again,
 * and VS Code revives only tabs of an earlier window.
 */
export class TimelineTabs {
  readonly #memento: vscode.Memento;
  readonly #titles = new Map<string, string>();
  /** Of an extension host that ended before this one in the same window. */
  readonly #left: SavedTabs['tabs'];

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
    const saved = v.safeParse(savedSchema, memento.get(KEY));
    this.#left = saved.success && saved.output.windowId === vscode.env.sessionId ? saved.output.tabs : [];
  }

  /** The session's tab is open, and is called that. */
  set(sessionId: string, title: string): void {
    if (this.#titles.get(sessionId) === title) return;
    this.#titles.set(sessionId, title);
    this.#save();
  }

  delete(sessionId: string): void {
    if (this.#titles.delete(sessionId)) this.#save();
  }

  /** The session's tabs that an earlier extension host left. None where a living one is called the same: tabs are told apart by their titles alone. */
  orphansOf(sessionId: string): vscode.Tab[] {
    const titles = this.#left.filter((tab) => tab.sessionId === sessionId).map(({ title }) => title);
    const living = [...this.#titles.values()];
    return webviewTabs(TIMELINE_VIEW_TYPE).filter(({ label }) => titles.includes(label) && !living.includes(label));
  }

  #save(): void {
    const left = this.#left.filter(({ sessionId }) => !this.#titles.has(sessionId)); // nobody opened these again yet
    const tabs = [...left, ...[...this.#titles].map(([sessionId, title]) => ({ sessionId, title }))];
    void this.#memento.update(KEY, { windowId: vscode.env.sessionId, tabs } satisfies SavedTabs);
  }
}

import * as v from 'valibot';
import * as vscode from 'vscode';
import { webviewTabs } from '../webview/webviewTabs';

export const TIMELINE_VIEW_TYPE = 'corral.timeline';
const KEY = 'corral.timelineTabs';
const savedSchema = v.object({
  /** `vscode.env.sessionId` of the window in which the tabs were open; each reload gives another. */
  windowId: v.string(),
  tabs: v.array(v.object({ sessionId: v.string(), title: v.string() })),
});
type SavedTabs = v.InferOutput<typeof savedSchema>;

/**
 * The open timelines and their titles. They are saved because a crashed extension host leaves its tabs in the window,
 * where VS Code does not revive them.
 */
export class TimelineTabs {
  readonly #memento: vscode.Memento;
  readonly #titles = new Map<string, string>();
  /** Tabs of an extension host that ended before this one in the same window. */
  readonly #orphans: SavedTabs['tabs'];

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
    const saved = v.safeParse(savedSchema, memento.get(KEY));
    this.#orphans = saved.success && saved.output.windowId === vscode.env.sessionId ? saved.output.tabs : [];
  }

  /** The session's tab is open and has this title. */
  set(sessionId: string, title: string): void {
    if (this.#titles.get(sessionId) === title) return;
    this.#titles.set(sessionId, title);
    this.#save();
  }

  delete(sessionId: string): void {
    if (this.#titles.delete(sessionId)) this.#save();
  }

  /** The session's tabs that an earlier extension host left, known by titles that no live tab has. */
  orphansOf(sessionId: string): vscode.Tab[] {
    const titles = this.#orphans.filter((tab) => tab.sessionId === sessionId).map(({ title }) => title);
    const living = [...this.#titles.values()];
    return webviewTabs(TIMELINE_VIEW_TYPE).filter(({ label }) => titles.includes(label) && !living.includes(label));
  }

  #save(): void {
    const orphans = this.#orphans.filter(({ sessionId }) => !this.#titles.has(sessionId));
    const tabs = [...orphans, ...[...this.#titles].map(([sessionId, title]) => ({ sessionId, title }))];
    void this.#memento.update(KEY, { windowId: vscode.env.sessionId, tabs } satisfies SavedTabs);
  }
}

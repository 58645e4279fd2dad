import * as v from 'valibot';
import * as vscode from 'vscode';
import { isInside } from '../../common/isInside';
import type { SessionSummary } from '../../supervisor/api';
import { ACTIVE_SESSION_CONTEXT } from '../text/contributions';
import { worktreeFolder } from '../text/worktreeLabels';
import { sessionOfTimeline } from '../timelineUri';
import { sessionOfReview } from '../reviewTabs';
import { contextValue, sessionFlags } from './rowFlags';

const uriSchema = v.custom<vscode.Uri>((value) => value instanceof vscode.Uri);
/** VS Code gives a tab of several differences this shape, which its API does not name yet. */
const severalDifferencesSchema = v.looseObject({
  textDiffs: v.array(v.looseObject({ original: v.optional(uriSchema), modified: v.optional(uriSchema) })),
});

/** Knows the session whose timeline, review or file is in the active tab, and tells its flags to menus and keys. */
export class ActiveSession implements vscode.Disposable {
  readonly #timelineInFront: () => string | undefined;
  readonly #subscriptions: vscode.Disposable[];
  #sessions: readonly SessionSummary[] = [];
  #flags = '';

  /** `timelineInFront` answers with the session of an active timeline that is no editor. */
  constructor(timelineInFront: () => string | undefined) {
    this.#timelineInFront = timelineInFront;
    const update = (): void => this.#update();
    this.#subscriptions = [
      vscode.window.tabGroups.onDidChangeTabs(update),
      vscode.window.tabGroups.onDidChangeTabGroups(update),
    ];
  }

  /** The sessions may have changed. */
  show(sessions: readonly SessionSummary[]): void {
    this.#sessions = sessions;
    this.#update();
  }

  find(sessions: readonly SessionSummary[]): SessionSummary | undefined {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    const uris = urisOf(tab?.input);
    const [first] = uris;
    const timeline = first === undefined ? this.#timelineInFront() : sessionOfTimeline(first);
    const several = v.safeParse(severalDifferencesSchema, tab?.input);
    const review = tab !== undefined && several.success ? sessionOfReview(tab.label) : undefined;
    const named = timeline ?? review;
    if (named !== undefined) return sessions.find(({ id }) => id === named);
    // A review's files have the path that they have in the worktree, also where they are read from Git.
    return sessions.find((session) => {
      const folder = worktreeFolder(session);
      const isFile = ({ scheme }: vscode.Uri): boolean => session.host === undefined || scheme !== 'file';
      return uris.some((uri) => isFile(uri) && isInside(uri.fsPath, folder));
    });
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #update(): void {
    const session = this.find(this.#sessions);
    const flags = session === undefined ? '' : contextValue(sessionFlags(session));
    if (flags === this.#flags) return;
    this.#flags = flags;
    void vscode.commands.executeCommand('setContext', ACTIVE_SESSION_CONTEXT, flags);
  }
}

/** The files that a tab shows, or the address of its timeline. */
function urisOf(input: unknown): vscode.Uri[] {
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) return [input.uri];
  if (input instanceof vscode.TabInputTextDiff) return [input.modified, input.original];
  const several = v.safeParse(severalDifferencesSchema, input);
  return several.success
    ? several.output.textDiffs.map(({ modified, original }) => modified ?? original).filter((uri) => uri !== undefined)
    : [];
}

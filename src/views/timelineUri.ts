import * as v from 'valibot';
import * as vscode from 'vscode';
import { oneLine } from '../common/oneLine';
import { idSchema } from '../storage/ids';
import { TIMELINE_VIEW_TYPE } from './text/contributions';

const SCHEME = 'corral-session';
/** A longer one is cut, as the whole title stands on the page. */
const MAX_NAME_LENGTH = 60;

/**
 * The address of a session's timeline. It ends with the title that the session had when its tab was opened, since older
 * versions of VS Code show that on the tab.
 */
export function timelineUri({ id, title }: { id: string; title: string }): vscode.Uri {
  const open = timelineTabs().find(({ uri }) => sessionOfTimeline(uri) === id);
  if (open !== undefined) return open.uri;
  const name = oneLine(title).replaceAll(/[/\\]/g, ' ').slice(0, MAX_NAME_LENGTH).trim();
  return vscode.Uri.from({ scheme: SCHEME, path: `/${id}/${name === '' ? id : name}` });
}

/** The session of a timeline's address; undefined for any other address. */
export function sessionOfTimeline(uri: vscode.Uri): string | undefined {
  if (uri.scheme !== SCHEME) return undefined;
  const id = v.safeParse(idSchema, uri.path.split('/')[1]);
  return id.success ? id.output : undefined;
}

/** This window's tabs with a timeline. */
export function timelineTabs(): { tab: vscode.Tab; uri: vscode.Uri }[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap((tab) =>
      tab.input instanceof vscode.TabInputCustom && tab.input.viewType === TIMELINE_VIEW_TYPE
        ? [{ tab, uri: tab.input.uri }]
        : [],
    );
}

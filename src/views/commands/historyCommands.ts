import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { eventText } from '../../supervisor/history/eventText';
import type { ExportFormat } from '../../supervisor/history/sessionExport';
import type { ChooseSession } from '../pickers/sessionChoice';
import type { CommandName } from '../text/contributions';
import { elapsedTime } from '../text/elapsedTime';
import { showInformationMessage } from '../text/messages';
import { plainLabel } from '../text/plainLabel';
import { plainMessage } from '../text/plainMessage';
import { searchExcerpt } from '../text/searchExcerpt';
import type { EventPlace } from '../../protocol/timelineProtocol';
import type { CommandActions } from './commandRunner';

export type HistoryCommandName = Extract<CommandName, 'searchHistory' | 'exportSession'>;

/** What these commands need of the supervisor. */
export type HistorySource = Pick<CorralApi, 'listSessions' | 'searchHistory' | 'exportSession'>;

export interface HistoryCommandsOptions {
  source: HistorySource;
  choose: ChooseSession;
  showTimeline: (sessionId: string, place: EventPlace) => void;
}

const MAX_RESULTS = 500;
/** Results are painted at most this often while they come in. */
const PAINT_INTERVAL_MS = 100;

interface ResultItem extends vscode.QuickPickItem {
  sessionId: string;
  place: EventPlace;
}

/** The text to search for, where the caller knows it. */
const searchArgumentSchema = v.object({ text: v.string() });

/** Commands to search in what agents did, and to export it. */
export function historyCommands({
  source,
  choose,
  showTimeline,
}: HistoryCommandsOptions): CommandActions<HistoryCommandName> {
  return {
    searchHistory: async (argument) => {
      const given = v.safeParse(searchArgumentSchema, argument);
      const text = given.success ? given.output.text : await askForText();
      if (text === undefined || text === '') return;
      const found = await searchHistory(source, text);
      if (found !== undefined) showTimeline(found.sessionId, found.place);
    },
    exportSession: async (argument) => {
      const none = vscode.l10n.t('There is no session yet.');
      await exportSession(source, await choose(argument, vscode.l10n.t('Export Session'), () => true, none));
    },
  };
}

async function askForText(): Promise<string | undefined> {
  return await vscode.window.showInputBox({
    title: vscode.l10n.t('Search History'),
    prompt: vscode.l10n.t('Searches everything that any agent said, ran or was asked.'),
    placeHolder: vscode.l10n.t('Text, in upper or lower case'),
  });
}

/** Lists events with the text while they are found, newest first, and lets a person choose one. */
async function searchHistory(source: HistorySource, text: string): Promise<ResultItem | undefined> {
  const titles = new Map((await source.listSessions()).map(({ id, title }) => [id, title]));
  const abort = new AbortController();
  const pick = vscode.window.createQuickPick<ResultItem>();
  pick.title = vscode.l10n.t('Search History · {text}', { text });
  pick.placeholder = vscode.l10n.t('Searching…');
  pick.busy = true;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.show();
  const chosen = new Promise<ResultItem | undefined>((resolve) => {
    pick.onDidAccept(() => resolve(pick.selectedItems[0]));
    pick.onDidHide(() => resolve(undefined));
  });
  const search = fillResults(pick, source, text, titles, abort.signal);
  try {
    return await Promise.race([chosen, search.then(async () => await chosen)]);
  } finally {
    abort.abort();
    pick.dispose();
  }
}

async function fillResults(
  pick: vscode.QuickPick<ResultItem>,
  source: HistorySource,
  text: string,
  titles: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const items: ResultItem[] = [];
  let paintedAtMs = 0;
  const paint = (): void => {
    const active = pick.activeItems; // the person's place in the list stays
    pick.items = [...items];
    if (active.length > 0) pick.activeItems = active;
    paintedAtMs = performance.now();
  };
  for await (const { sessionId, event } of source.searchHistory(text, { limit: MAX_RESULTS, signal })) {
    items.push({
      label: plainLabel(searchExcerpt(event, text)),
      description: plainLabel(titles.get(sessionId) ?? ''),
      detail: `${plainLabel(eventText(event).heading)} · ${elapsedTime(event.timestamp, Date.now())}`,
      sessionId,
      place: { runId: event.runId, seq: event.seq },
    });
    if (performance.now() - paintedAtMs > PAINT_INTERVAL_MS) paint();
  }
  if (signal.aborted) return;
  paint();
  pick.busy = false;
  pick.placeholder = describeResults(items.length);
}

function describeResults(count: number): string {
  if (count === 0) return vscode.l10n.t('Nothing was found.');
  if (count === 1) return vscode.l10n.t('1 event');
  return count === MAX_RESULTS
    ? vscode.l10n.t('The newest {0} events, newest first', count)
    : vscode.l10n.t('{0} events, newest first', count);
}

const FORMATS: (vscode.QuickPickItem & { format: ExportFormat; extension: string })[] = [
  {
    label: vscode.l10n.t('Web page'),
    description: vscode.l10n.t('one HTML file that loads nothing from elsewhere'),
    format: 'html',
    extension: 'html',
  },
  {
    label: vscode.l10n.t('Markdown'),
    description: vscode.l10n.t('for an issue or a review'),
    format: 'markdown',
    extension: 'md',
  },
  {
    label: vscode.l10n.t('JSON lines'),
    description: vscode.l10n.t('every event, for other programs'),
    format: 'jsonl',
    extension: 'jsonl',
  },
];

/** Asks for a format and a file, and writes the session to it. */
async function exportSession(source: HistorySource, session: SessionSummary): Promise<void> {
  const { title } = session;
  const format = await vscode.window.showQuickPick(FORMATS, { title: vscode.l10n.t('Export “{title}”', { title }) });
  if (format === undefined) return;
  const name = title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '') || session.id;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? homedir();
  const target = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Export Session'),
    defaultUri: vscode.Uri.file(join(folder, `${name}.${format.extension}`)),
    filters: { [format.label]: [format.extension] },
  });
  if (target === undefined) return;
  const location = vscode.ProgressLocation.Notification;
  await vscode.window.withProgress(
    { location, title: plainMessage(vscode.l10n.t('Exporting “{title}”…', { title })) },
    async () => await source.exportSession(session.id, format.format, target.fsPath),
  );
  const open = vscode.l10n.t('Open');
  const message = vscode.l10n.t(
    'Exported “{title}”. The file has all that the agent saw and did: read it before you share it.',
    { title },
  );
  // Not awaited: the notification stays as long as the person likes, and the command is done.
  void showInformationMessage(message, open).then(async (chosen) => {
    if (chosen !== open) return;
    if (format.format === 'html') await vscode.env.openExternal(target);
    else await vscode.commands.executeCommand('vscode.open', target);
  });
}

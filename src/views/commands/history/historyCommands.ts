import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { CorralApi, SessionSummary } from '../../../supervisor/api';
import type { ExportFormat } from '../../../supervisor/history/sessionExport';
import type { ChooseSession } from '../../pickers/sessionChoice';
import type { CommandName } from '../../text/contributions';
import { showInformationMessage } from '../../text/messages';
import { plainMessage } from '../../text/plainMessage';
import type { EventPlace } from '../../../protocol/timelineProtocol';
import type { CommandActions } from '../commandRunner';
import type { SearchResultsTree } from './searchResultsTree';

export type HistoryCommandName = Extract<
  CommandName,
  'searchHistory' | 'showEvent' | 'showMoreResults' | 'clearSearchResults' | 'exportSession'
>;

/** What these commands need of the supervisor. */
export type HistorySource = Pick<CorralApi, 'listSessions' | 'searchHistory' | 'exportSession'>;

export interface HistoryCommandsOptions {
  source: HistorySource;
  choose: ChooseSession;
  results: SearchResultsTree;
  showTimeline: (sessionId: string, place: EventPlace) => void;
}

/** The text to search for, where the caller knows it. */
const searchArgumentSchema = v.object({ text: v.string() });
/** What a row of the results stands for. */
const eventArgumentSchema = v.object({ sessionId: v.string(), runId: v.string(), seq: v.number() });

/** Commands to search in what agents did, and to export it. */
export function historyCommands({
  source,
  choose,
  results,
  showTimeline,
}: HistoryCommandsOptions): CommandActions<HistoryCommandName> {
  return {
    searchHistory: async (argument) => {
      const given = v.safeParse(searchArgumentSchema, argument);
      const text = given.success ? given.output.text : await askForText();
      if (text === undefined || text === '') return;
      await results.show(text);
    },
    showEvent: (argument) => {
      const { sessionId, ...place } = v.parse(eventArgumentSchema, argument);
      showTimeline(sessionId, place);
      return Promise.resolve();
    },
    showMoreResults: async () => await results.showMore(),
    clearSearchResults: async () => await results.clear(),
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

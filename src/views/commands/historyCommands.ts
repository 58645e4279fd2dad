/** Commands over everything that was recorded: search, export, check, sizes, and the one that erases. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { SessionSummary } from '../../supervisor/api';
import { eventText } from '../../supervisor/history/eventText';
import type { ExportFormat } from '../../supervisor/history/sessionExport';
import type { Supervisor } from '../../supervisor/supervisor';
import { elapsedTime } from '../text/elapsedTime';
import { formatBytes } from '../text/formatBytes';
import { searchExcerpt } from '../text/searchExcerpt';
import { showInformationMessage, showWarningMessage } from '../text/messages';
import type { CommandName } from '../text/contributions';
import { plainMessage } from '../text/plainMessage';
import { chooseSession } from '../pickers/sessionChoice';
import type { EventPlace } from '../../protocol/timelineProtocol';
import { plainLabel } from '../text/plainLabel';

type ShowTimeline = (sessionId: string, place?: EventPlace) => void;

const RESULT_LIMIT = 500;
/** Results are painted at most this often while they come in. */
const PAINT_MS = 100;

interface ResultItem extends vscode.QuickPickItem {
  sessionId: string;
  place: EventPlace;
}

export interface HistoryCommandsOptions {
  supervisor: Supervisor;
  log: vscode.LogOutputChannel;
  showTimeline: ShowTimeline;
}

type Action = (argument: unknown) => Promise<void>;

/** What is searched for, from whoever knows it already. */
const wantedTextSchema = v.object({ text: v.string() });

/** What the commands about history do. */
export function historyCommands({
  supervisor,
  log,
  showTimeline,
}: HistoryCommandsOptions): Record<
  Extract<CommandName, 'searchHistory' | 'exportSession' | 'checkStore' | 'showStorage' | 'eraseHistory'>,
  Action
> {
  return {
    searchHistory: async (argument) => {
      const given = v.safeParse(wantedTextSchema, argument);
      const text = given.success ? given.output.text : await askForText();
      if (text !== undefined && text !== '') await searchHistory(supervisor, showTimeline, text);
    },
    exportSession: async (argument) => {
      await exportSession(
        supervisor,
        await chooseSession(supervisor, argument, 'Export Session', () => true, 'There is no session yet.'),
      );
    },
    checkStore: async () => {
      await checkStore(supervisor, log);
    },
    showStorage: async () => {
      await showStorage(supervisor, showTimeline);
    },
    eraseHistory: async (argument) => {
      const none = 'Only the history of a deleted session can be erased, and there is none.';
      await eraseHistory(
        supervisor,
        await chooseSession(supervisor, argument, 'Erase History', (each) => each.deleted, none),
      );
    },
  };
}

async function askForText(): Promise<string | undefined> {
  return await vscode.window.showInputBox({
    title: 'Search History',
    prompt: 'Looks through everything that any agent ever said, ran or was asked.',
    placeHolder: 'Text, in whatever case',
  });
}

/** Shows where a text stands, newest first, as it is found. */
async function searchHistory(supervisor: Supervisor, showTimeline: ShowTimeline, text: string): Promise<void> {
  const titles = new Map((await supervisor.listSessions()).map(({ id, title }) => [id, title]));
  const abort = new AbortController();
  const pick = vscode.window.createQuickPick<ResultItem>();
  pick.title = `Search History · ${text}`;
  pick.placeholder = 'Searching…';
  pick.busy = true;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.show();
  const chosen = new Promise<ResultItem | undefined>((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]);
    });
    pick.onDidHide(() => {
      resolve(undefined);
    });
  });
  const search = fill(pick, supervisor, text, titles, abort.signal);
  try {
    const item = await Promise.race([chosen, search.then(async () => await chosen)]);
    if (item !== undefined) showTimeline(item.sessionId, item.place);
  } finally {
    abort.abort();
    pick.dispose();
  }
}

async function fill(
  pick: vscode.QuickPick<ResultItem>,
  supervisor: Supervisor,
  text: string,
  titles: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const items: ResultItem[] = [];
  let paintedAtMs = 0;
  const paint = (): void => {
    const active = pick.activeItems; // what the person is on stays where it is
    pick.items = [...items];
    if (active.length > 0) pick.activeItems = active;
    paintedAtMs = performance.now();
  };
  for await (const { sessionId, event } of supervisor.searchHistory(text, { limit: RESULT_LIMIT, signal })) {
    const { heading } = eventText(event);
    items.push({
      label: plainLabel(searchExcerpt(event, text)),
      description: plainLabel(titles.get(sessionId) ?? ''),
      detail: `${plainLabel(heading)} · ${elapsedTime(event.timestamp, Date.now())}`,
      sessionId,
      place: { runId: event.runId, seq: event.seq },
    });
    if (performance.now() - paintedAtMs > PAINT_MS) paint();
  }
  if (signal.aborted) return;
  paint();
  pick.busy = false;
  pick.placeholder =
    items.length === 0
      ? 'Nothing was found.'
      : `${items.length === RESULT_LIMIT ? 'The newest ' : ''}${items.length} ${items.length === 1 ? 'event' : 'events'}, newest first`;
}

const FORMATS: { label: string; description: string; format: ExportFormat; extension: string }[] = [
  {
    label: 'Web page',
    description: 'one HTML file that loads nothing from elsewhere',
    format: 'html',
    extension: 'html',
  },
  { label: 'Markdown', description: 'for an issue or a review', format: 'markdown', extension: 'md' },
  { label: 'JSON lines', description: 'every event, for other programs', format: 'jsonl', extension: 'jsonl' },
];

/** Asks for a format and a file, and writes the session to it. */
async function exportSession(supervisor: Supervisor, session: SessionSummary): Promise<void> {
  const format = await vscode.window.showQuickPick(FORMATS, { title: `Export “${session.title}”` });
  if (format === undefined) return;
  const name = session.title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '') || session.id;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? homedir();
  const target = await vscode.window.showSaveDialog({
    title: 'Export Session',
    defaultUri: vscode.Uri.file(join(folder, `${name}.${format.extension}`)),
    filters: { [format.label]: [format.extension] },
  });
  if (target === undefined) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: plainMessage(`Exporting “${session.title}”…`) },
    async () => {
      await supervisor.exportSession(session.id, format.format, target.fsPath);
    },
  );
  const open = 'Open';
  // Not awaited: the notification stays as long as the person likes, and the command is done.
  void showInformationMessage(
    `“${session.title}” was exported. It holds all that the agent saw and did: look through it before you share it.`,
    open,
  ).then(async (chosen) => {
    if (chosen !== open) return;
    if (format.format === 'html') await vscode.env.openExternal(target);
    else await vscode.commands.executeCommand('vscode.open', target);
  });
}

/** Reads everything once and says whether it is as it was written; the log has the findings. */
async function checkStore(supervisor: Supervisor, log: vscode.LogOutputChannel): Promise<void> {
  const archive = await supervisor.archive();
  const report = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Checking the store', cancellable: true },
    async (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => {
        abort.abort();
      });
      return await archive.check(abort.signal, (checked, all) => {
        progress.report({ message: `${checked} of ${all} sessions`, increment: 100 / all });
      });
    },
  );
  const read = `${report.sessions} sessions, ${report.records.toLocaleString()} records, ${report.blobs} large payloads and ${report.databases} databases`;
  if (report.findings.length === 0) {
    void showInformationMessage(`All is as it was written: ${read}.`);
    return;
  }
  for (const finding of report.findings) log.warn(`Check Store: ${finding}`);
  const showLog = 'Show Log';
  const message = `Of ${read}, ${report.findings.length} ${report.findings.length === 1 ? 'thing is' : 'things are'} not as written. ${report.findings[0] ?? ''}`;
  void showWarningMessage(message, {}, showLog).then((chosen) => {
    if (chosen === showLog) log.show();
  });
}

/** Shows what each session takes on the disk; the chosen one's timeline opens, and what was deleted can be erased. */
async function showStorage(supervisor: Supervisor, showTimeline: ShowTimeline): Promise<void> {
  const archive = await supervisor.archive();
  const sizes = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Measuring the store' },
    async () => await archive.measure(),
  );
  const sessions = new Map((await supervisor.listSessions()).map((session) => [session.id, session]));
  const erase: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('trash'), tooltip: 'Erase History…' };
  const total = sizes.reduce((sum, { size }) => sum + size.total, 0);
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { sessionId: string }>();
  pick.title = `Storage · ${formatBytes(total)} in ${sizes.length} ${sizes.length === 1 ? 'session' : 'sessions'}`;
  pick.placeholder = 'Choose a session to open its timeline';
  pick.matchOnDescription = true;
  pick.items = sizes.map(({ sessionId, size }) => {
    const session = sessions.get(sessionId);
    return {
      label: session?.title ?? sessionId,
      description: `${formatBytes(size.total)}${session?.deleted === true ? ' · deleted' : ''}`,
      detail: `events ${formatBytes(size.journals)} · large payloads ${formatBytes(size.blobs)} · raw output ${formatBytes(size.output)} · index ${formatBytes(size.databases)}`,
      buttons: session?.deleted === true ? [erase] : [],
      sessionId,
    };
  });
  pick.show();
  try {
    const choice = await new Promise<{ sessionId: string; isErasing: boolean } | undefined>((resolve) => {
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        resolve(item === undefined ? undefined : { sessionId: item.sessionId, isErasing: false });
      });
      pick.onDidTriggerItemButton(({ item }) => {
        resolve({ sessionId: item.sessionId, isErasing: true });
      });
      pick.onDidHide(() => {
        resolve(undefined);
      });
    });
    if (choice === undefined) return;
    const session = sessions.get(choice.sessionId);
    if (!choice.isErasing) showTimeline(choice.sessionId);
    else if (session !== undefined) await eraseHistory(supervisor, session);
  } finally {
    pick.dispose();
  }
}

/** Says what goes, and erases it when the person wants that. */
async function eraseHistory(supervisor: Supervisor, session: SessionSummary): Promise<void> {
  if (!session.deleted)
    throw new CorralError('CONFLICT', `“${session.title}” still has its worktree. Delete the session first.`);
  const sizes = await (await supervisor.archive()).measure();
  const size = sizes.find(({ sessionId }) => sessionId === session.id)?.size;
  const events = session.runs.reduce((sum, run) => sum + run.eventCount, 0);
  const erase = 'Erase';
  const detail = [
    'For good, and it cannot be undone:',
    `• the record of everything the agent said and did (${events.toLocaleString()} events, ${formatBytes(size?.total ?? 0)})`,
    `• its snapshots in git (the ref refs/corral/${session.id}), and with them what “Undo Delete” needs`,
    'Files in the trash folder of the repository stay.',
  ].join('\n');
  const answer = await showWarningMessage(`Erase the history of “${session.title}”?`, { modal: true, detail }, erase);
  if (answer !== erase) return;
  try {
    await supervisor.eraseHistory(session.id);
  } catch (error) {
    throw error instanceof CorralError
      ? error
      : new CorralError('STORE_FAILED', `The history could not be erased: ${messageOf(error)}`, { cause: error });
  }
}

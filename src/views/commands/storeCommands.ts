import * as vscode from 'vscode';
import { messageOf } from '../../common/errors';
import { CorralError, isHostError } from '../../storage/errors';
import type { CorralApi, DeleteOptions, SessionSummary } from '../../supervisor/api';
import type { HistoryArchive } from '../../supervisor/history/historyArchive';
import type { ChooseSession } from '../pickers/sessionChoice';
import type { CommandName } from '../text/contributions';
import { formatBytes } from '../text/formatBytes';
import { showInformationMessage, showWarningMessage } from '../text/messages';
import type { CommandActions } from './commandRunner';

export type StoreCommandName = Extract<CommandName, 'checkStore' | 'showStorage' | 'eraseHistory'>;

/** What these commands need of the supervisor. */
export interface StoreSource extends Pick<CorralApi, 'listSessions'> {
  archive(): Promise<Pick<HistoryArchive, 'check' | 'measure'>>;
  eraseHistory(id: string, options?: DeleteOptions): Promise<void>;
}

export interface StoreCommandsOptions {
  source: StoreSource;
  log: vscode.LogOutputChannel;
  choose: ChooseSession;
  showTimeline: (sessionId: string) => void;
}

/** Commands to check the store, to measure it and to erase from it. */
export function storeCommands({
  source,
  log,
  choose,
  showTimeline,
}: StoreCommandsOptions): CommandActions<StoreCommandName> {
  return {
    checkStore: async () => await checkStore(source, log),
    showStorage: async () => await showStorage(source, showTimeline),
    eraseHistory: async (argument) => {
      const none = vscode.l10n.t('There is no deleted session whose history could be erased.');
      await eraseHistory(source, await choose(argument, vscode.l10n.t('Erase History'), (each) => each.deleted, none));
    },
  };
}

/** Reads everything once and reports what is damaged; the log has the details. */
async function checkStore(source: StoreSource, log: vscode.LogOutputChannel): Promise<void> {
  const archive = await source.archive();
  const report = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Checking the store'), cancellable: true },
    async (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      return await archive.check(abort.signal, (checked, all) => {
        progress.report({
          message: vscode.l10n.t('{checked} of {all} sessions', { checked, all }),
          increment: 100 / all,
        });
      });
    },
  );
  const checked = vscode.l10n.t(
    'Sessions: {sessions}, records: {records}, large payloads: {blobs}, databases: {databases}.',
    {
      sessions: report.sessions,
      records: report.records.toLocaleString(),
      blobs: report.blobs,
      databases: report.databases,
    },
  );
  const [first, ...others] = report.findings;
  if (first === undefined) {
    void showInformationMessage(`${vscode.l10n.t('Everything is as it was written.')} ${checked}`);
    return;
  }
  for (const finding of report.findings) log.warn(`Check Store: ${finding}`);
  const showLog = vscode.l10n.t('Show Log');
  const summary =
    others.length === 0
      ? vscode.l10n.t('1 problem was found.')
      : vscode.l10n.t('{0} problems were found.', report.findings.length);
  void showWarningMessage(`${summary} ${first} ${checked}`, {}, showLog).then((chosen) => {
    if (chosen === showLog) log.show();
  });
}

interface StorageChoice {
  sessionId: string;
  isErasing: boolean;
}

/** Shows what each session takes on the disk. A chosen one's timeline opens, and a deleted one can be erased. */
async function showStorage(source: StoreSource, showTimeline: (sessionId: string) => void): Promise<void> {
  const archive = await source.archive();
  const sizes = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Measuring the store') },
    async () => await archive.measure(),
  );
  const sessions = new Map((await source.listSessions()).map((session) => [session.id, session]));
  const choice = await chooseStored(sizes, sessions);
  if (choice === undefined) return;
  const session = sessions.get(choice.sessionId);
  if (!choice.isErasing) showTimeline(choice.sessionId);
  else if (session !== undefined) await eraseHistory(source, session);
}

async function chooseStored(
  sizes: Awaited<ReturnType<HistoryArchive['measure']>>,
  sessions: Map<string, SessionSummary>,
): Promise<StorageChoice | undefined> {
  const erase: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon('trash'),
    tooltip: vscode.l10n.t('Erase History…'),
  };
  const total = formatBytes(sizes.reduce((sum, { size }) => sum + size.total, 0));
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { sessionId: string }>();
  pick.title =
    sizes.length === 1
      ? vscode.l10n.t('Storage · {size} in 1 session', { size: total })
      : vscode.l10n.t('Storage · {size} in {count} sessions', { size: total, count: sizes.length });
  pick.placeholder = vscode.l10n.t('Choose a session to open its timeline');
  pick.matchOnDescription = true;
  pick.items = sizes.map(({ sessionId, size }) => {
    const session = sessions.get(sessionId);
    const isDeleted = session?.deleted === true;
    return {
      label: session?.title ?? sessionId,
      description: [formatBytes(size.total), ...(isDeleted ? [vscode.l10n.t('deleted')] : [])].join(' · '),
      detail: vscode.l10n.t('events {journals} · large payloads {blobs} · raw output {output} · index {databases}', {
        journals: formatBytes(size.journals),
        blobs: formatBytes(size.blobs),
        output: formatBytes(size.output),
        databases: formatBytes(size.databases),
      }),
      buttons: isDeleted ? [erase] : [],
      sessionId,
    };
  });
  pick.show();
  try {
    return await new Promise((resolve) => {
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        resolve(item === undefined ? undefined : { sessionId: item.sessionId, isErasing: false });
      });
      pick.onDidTriggerItemButton(({ item }) => resolve({ sessionId: item.sessionId, isErasing: true }));
      pick.onDidHide(() => resolve(undefined));
    });
  } finally {
    pick.dispose();
  }
}

/** Says what goes, and erases it where the person agrees. */
async function eraseHistory(source: StoreSource, session: SessionSummary): Promise<void> {
  const { id, title } = session;
  if (!session.deleted)
    throw new CorralError(
      'CONFLICT',
      vscode.l10n.t('“{title}” still has its worktree. Delete the session first.', { title }),
    );
  const sizes = await (await source.archive()).measure();
  const size = formatBytes(sizes.find(({ sessionId }) => sessionId === id)?.size.total ?? 0);
  const events = session.runs.reduce((sum, run) => sum + run.eventCount, 0).toLocaleString();
  const detail = [
    vscode.l10n.t('This cannot be undone. It erases:'),
    `• ${vscode.l10n.t('the record of everything the agent said and did ({events} events, {size})', { events, size })}`,
    `• ${vscode.l10n.t('its snapshots in Git ({ref}), which “Undo Delete” needs', { ref: `refs/corral/${id}` })}`,
    vscode.l10n.t('Files in the trash folder of the repository stay.'),
  ].join('\n');
  const erase = vscode.l10n.t('Erase');
  const question = vscode.l10n.t('Erase the history of “{title}”?', { title });
  if ((await showWarningMessage(question, { modal: true, detail }, erase)) !== erase) return;
  try {
    await source.eraseHistory(id).catch(async (error: unknown) => {
      if (!isHostError(error)) throw error;
      const options = await askToEraseHere(session, error.message);
      if (options !== undefined) await source.eraseHistory(id, options);
    });
  } catch (error) {
    if (error instanceof CorralError) throw error;
    const message = vscode.l10n.t('The history could not be erased: {reason}', { reason: messageOf(error) });
    throw new CorralError('STORE_FAILED', message, { cause: error });
  }
}

/** Asks how a session is erased whose host is away, for this `reason`. Undefined where it is to stay. */
async function askToEraseHere({ title, host }: SessionSummary, reason: string): Promise<DeleteOptions | undefined> {
  const place = { title, host: host?.name ?? '' };
  const detail = [
    vscode.l10n.t('Nothing was erased. {reason}', { reason }),
    vscode.l10n.t(
      'Erased here, what is on “{host}” stays there for now: its worktree or trash, its snapshots, and the record of its runs. As soon as “{host}” is back, while any window is open, that is erased too, and with it all work that has not come here.',
      place,
    ),
  ].join('\n\n');
  const [again, erase] = [vscode.l10n.t('Try Again'), vscode.l10n.t('Erase Here')];
  const question = vscode.l10n.t('Erase “{title}” here, while “{host}” is away?', place);
  // The first button is the one that Enter presses.
  const answer = await showWarningMessage(question, { modal: true, detail }, again, erase);
  return answer === undefined ? undefined : { forgetHere: answer === erase };
}

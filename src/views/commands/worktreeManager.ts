import * as vscode from 'vscode';
import { isOutcome } from '../../storage/runState';
import type { SessionSummary } from '../../supervisor/api';
import type { Supervisor } from '../../supervisor/supervisor';
import type {
  StrayWorktreeEntry,
  WorktreeEntry,
  WorktreeInventory,
} from '../../supervisor/lifecycle/worktreeInventory';
import { elapsedTime } from '../text/elapsedTime';
import { formatBytes } from '../text/formatBytes';
import { showInformationMessage, showWarningMessage } from '../text/messages';
import type { CommandName } from '../text/contributions';
import { isRunning } from '../pickers/sessionChoice';
import { describeFolders, describeWork } from '../text/worktreeLabels';
import { plainLabel } from '../text/plainLabel';

/** So long after its end a session is proposed to be archived. */
const RESTED_MS = 14 * 24 * 3_600_000;
const TOLD_STRAYS_KEY = 'toldStrays';

export interface WorktreeManagerOptions {
  supervisor: Supervisor;
  /** Runs a command as if it were chosen, with its errors shown. */
  run: (name: CommandName, argument: unknown) => Promise<void>;
  /** Runs an action as a command does, with its errors shown. */
  attempt: (doing: string, action: () => Promise<void>) => Promise<void>;
}

interface Action extends vscode.QuickPickItem {
  run: () => Promise<void>;
}

/** Shows every folder that Corral has made in repositories, with size, age and state, and what could be freed. Nothing goes without being chosen. */
export async function manageWorktrees(options: WorktreeManagerOptions): Promise<void> {
  const { supervisor } = options;
  const inventory = await supervisor.inventory();
  const entries = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Measuring worktrees' },
    async () => await inventory.list(),
  );
  if (entries.length === 0) {
    void showInformationMessage('No session has a worktree on the disk.');
    return;
  }
  const sessions = new Map((await supervisor.listSessions()).map((session) => [session.id, session]));
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const separator = (label: string): Action => ({
    label,
    kind: vscode.QuickPickItemKind.Separator,
    run: () => Promise.resolve(),
  });
  const items = [
    ...proposals(options, inventory, entries, sessions),
    separator('Worktrees'),
    ...entries.map((entry): Action => ({
      ...entryItem(entry, sessions.get(entry.sessionId)),
      run: async () => await actOn(options, inventory, entry, sessions.get(entry.sessionId)),
    })),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: `Manage Worktrees · ${formatBytes(total)} in ${entries.length} ${entries.length === 1 ? 'folder' : 'folders'}`,
    placeHolder: 'Choose a worktree to see what can be done with it',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  await chosen?.run();
}

/** Says once what lies there that no session knows of, so that nobody has to wonder where the disk went. */
export async function tellStrays(
  { globalState }: vscode.ExtensionContext,
  supervisor: Supervisor,
  log: vscode.LogOutputChannel,
): Promise<void> {
  const strays = await (await supervisor.inventory()).strays();
  for (const stray of strays)
    log.info(`No session knows of ${stray.path}: ${formatBytes(stray.bytes)}, ${holds(stray)}`);
  const known = globalState.get<unknown>(TOLD_STRAYS_KEY);
  const told = new Set(Array.isArray(known) ? known : []);
  const news = strays.filter(({ sessionId }) => !told.has(sessionId));
  if (news.length === 0) return;
  await globalState.update(
    TOLD_STRAYS_KEY,
    strays.map(({ sessionId }) => sessionId),
  );
  const manage = 'Manage Worktrees…';
  const size = formatBytes(news.reduce((sum, { bytes }) => sum + bytes, 0));
  const sentence =
    news.length === 1
      ? `No session knows of a worktree of Corral's: ${news[0]?.path ?? ''} (${size}).`
      : `No session knows of ${news.length} worktrees of Corral's (${size}).`;
  if ((await showInformationMessage(`${sentence} It stays until you remove it.`, manage)) === manage)
    await vscode.commands.executeCommand('corral.manageWorktrees');
}

function proposals(
  options: WorktreeManagerOptions,
  inventory: WorktreeInventory,
  entries: readonly WorktreeEntry[],
  sessions: Map<string, SessionSummary>,
): Action[] {
  const resting = entries.filter(({ kind, sessionId }) => {
    const session = sessions.get(sessionId);
    return kind === 'worktree' && session !== undefined && !isRunning(session);
  });
  const full = resting.filter(({ generated }) => generated.length > 0);
  const old = resting.filter(({ sessionId }) => isOld(sessions.get(sessionId)));
  const found: Action[] = [];
  if (full.length > 0) {
    const bytes = full.flatMap(({ generated }) => generated).reduce((sum, folder) => sum + folder.bytes, 0);
    const label = `$(lightbulb) Drop ${describeFolders(full.flatMap(({ generated }) => generated))} only`;
    const description = `${formatBytes(bytes)} in ${worktrees(full.length)} where nothing runs`;
    found.push({ label, description, run: async () => await drop(inventory, full) });
  }
  if (old.length > 0) {
    const bytes = old.reduce((sum, entry) => sum + entry.bytes, 0);
    found.push({
      label: `$(lightbulb) Archive ${old.length === 1 ? 'the session' : `${old.length} sessions`} that ended over two weeks ago`,
      description: `${formatBytes(bytes)}; work and history are kept`,
      run: async () => {
        for (const { sessionId } of old) await options.run('archiveSession', sessionId);
      },
    });
  }
  return found;
}

function isOld(session: SessionSummary | undefined): boolean {
  return (
    session !== undefined &&
    (isOutcome(session.state) || session.restored) &&
    Date.now() - Date.parse(session.lastActivityAt) > RESTED_MS
  );
}

function entryItem(entry: WorktreeEntry, session: SessionSummary | undefined): vscode.QuickPickItem {
  const age = session === undefined ? [] : [elapsedTime(session.lastActivityAt, Date.now())];
  const states = {
    worktree: session?.status ?? '',
    trash: 'deleted, kept in the trash',
    stray: 'no session knows of it',
  };
  const icons = { worktree: '$(folder)', trash: '$(trash)', stray: '$(question)' };
  const generated = entry.generated.reduce((sum, { bytes }) => sum + bytes, 0);
  const details = [
    entry.kind === 'trash' && entry.notCaptured.length > 0
      ? `no snapshot holds ${entry.notCaptured.join(', ')}`
      : holds(entry),
    ...(generated > 0 ? [`${describeFolders(entry.generated)}: ${formatBytes(generated)}`] : []),
  ];
  return {
    label: `${icons[entry.kind]} ${plainLabel(session?.title ?? entry.sessionId)}`,
    description: [formatBytes(entry.bytes), states[entry.kind], ...age].join(' · '),
    detail: plainLabel(details.join(' · ')),
  };
}

function holds({ summary }: WorktreeEntry): string {
  if (summary === 'unknown') return 'what it holds could not be counted';
  const work = describeWork(summary);
  return work === '' ? 'no work of its own' : work;
}

async function actOn(
  options: WorktreeManagerOptions,
  inventory: WorktreeInventory,
  entry: WorktreeEntry,
  session: SessionSummary | undefined,
): Promise<void> {
  const { run } = options;
  const { sessionId, kind, path, generated, bytes } = entry;
  const openFolder = async (): Promise<void> => {
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(path), { forceNewWindow: true });
  };
  const actions: Action[] = [{ label: '$(empty-window) Open in New Window', description: path, run: openFolder }];
  if (kind === 'trash')
    actions.push({ label: '$(discard) Undo Delete', run: async () => await run('undoDelete', sessionId) });
  if (entry.kind === 'stray')
    actions.push({
      label: '$(trash) Remove It…',
      description: 'its work is kept in a snapshot',
      run: async () => await removeStray(options, inventory, entry),
    });
  if (kind === 'worktree') {
    actions.push({ label: '$(diff-multiple) Review Changes', run: async () => await run('reviewChanges', sessionId) });
    if (session !== undefined && !isRunning(session)) {
      if (generated.length > 0)
        actions.push({
          label: `$(clear-all) Drop ${describeFolders(generated)} Only…`,
          description: formatBytes(generated.reduce((sum, folder) => sum + folder.bytes, 0)),
          run: async () => await drop(inventory, [entry]),
        });
      actions.push({
        label: '$(archive) Archive',
        description: `frees ${formatBytes(bytes)}; work and history are kept`,
        run: async () => await run('archiveSession', sessionId),
      });
    }
    actions.push({ label: '$(trash) Delete Session…', run: async () => await run('deleteSession', sessionId) });
  }
  await (await vscode.window.showQuickPick(actions, { title: session?.title ?? path }))?.run();
}

async function drop(inventory: WorktreeInventory, entries: readonly WorktreeEntry[]): Promise<void> {
  const remove = 'Drop';
  const detail = entries
    .flatMap(({ path, generated }) => generated.map(({ name, bytes }) => `• ${path}/${name} (${formatBytes(bytes)})`))
    .join('\n');
  const question = `Drop ${describeFolders(entries.flatMap(({ generated }) => generated))} of ${worktrees(entries.length)}?`;
  const answer = await showWarningMessage(
    question,
    { modal: true, detail: `Git ignores them and tools fill them again:\n${detail}` },
    remove,
  );
  if (answer !== remove) return;
  let freed = 0;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Dropping folders…' },
    async () => {
      for (const { sessionId } of entries) freed += await inventory.removeGenerated(sessionId);
    },
  );
  void showInformationMessage(`${formatBytes(freed)} are free again.`);
}

async function removeStray(
  { attempt }: WorktreeManagerOptions,
  inventory: WorktreeInventory,
  stray: StrayWorktreeEntry,
): Promise<void> {
  const remove = 'Remove';
  const detail = `It holds ${holds(stray)}. All of it is kept in a snapshot, refs/corral/${stray.sessionId}.`;
  if ((await showWarningMessage(`Remove ${stray.path}?`, { modal: true, detail }, remove)) !== remove) return;
  const kept = await inventory.removeStray(stray);
  const sentence =
    kept.length === 0
      ? `${stray.path} was removed.`
      : `It is in the trash folder beside the worktrees and stays there, as no snapshot holds ${kept.join(', ')}.`;
  const undo = 'Undo';
  void showInformationMessage(sentence, undo).then(async (chosen) => {
    if (chosen === undo) await attempt('manageWorktrees', async () => await inventory.restoreStray(stray));
  });
}

function worktrees(count: number): string {
  return count === 1 ? 'one worktree' : `${count} worktrees`;
}

import * as v from 'valibot';
import * as vscode from 'vscode';
import type { CorralApi, SessionSummary } from '../../../supervisor/api';
import type { WorktreeEntry } from '../../../supervisor/lifecycle/worktreeEntries';
import type { WorktreeInventory } from '../../../supervisor/lifecycle/worktreeInventory';
import { hasEnded, isOpen } from '../../sessionPredicates';
import { elapsedTime } from '../../text/elapsedTime';
import { formatBytes } from '../../text/formatBytes';
import { showInformationMessage, showWarningMessage } from '../../text/messages';
import { plainLabel } from '../../text/plainLabel';
import { shownStatus, statusLabel } from '../../text/statusLabel';
import { describeContents, describeFolders } from '../../text/worktreeLabels';
import type { Attempt, RunCommand } from '../commandRunner';
import { removeUnused } from './removeUnused';
import { sparesProposal } from './sparesProposal';

/** Archiving is proposed for ended sessions without activity for this long. */
const OLD_AFTER_MS = 14 * 24 * 3_600_000;

type Inventory = Pick<WorktreeInventory, 'list' | 'spares' | 'removeGenerated' | 'removeLeftovers' | 'removeUnused'>;

/** What is needed to manage worktrees. */
export interface InventorySource extends Pick<CorralApi, 'listSessions'> {
  inventory(): Promise<Inventory>;
}

export interface WorktreeManagerOptions {
  source: InventorySource;
  run: RunCommand;
  attempt: Attempt;
}

interface Action extends vscode.QuickPickItem {
  run: () => Promise<void>;
}

/** The row of a repository in the Sessions tree. */
const repositorySchema = v.object({ kind: v.literal('repository'), path: v.string() });

/**
 * Shows every folder that Corral made in repositories, or in that of the row `argument`, and what could be freed.
 * Nothing is removed unasked.
 */
export async function manageWorktrees(options: WorktreeManagerOptions, argument?: unknown): Promise<void> {
  const inventory = await options.source.inventory();
  const row = v.safeParse(repositorySchema, argument);
  const repository = row.success ? row.output.path : undefined;
  const [all, spares] = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Measuring worktrees') },
    async () => [await inventory.list(), await inventory.spares.measure(repository)] as const,
  );
  const sessions = new Map((await options.source.listSessions()).map((session) => [session.id, session]));
  const entries = all.filter(
    ({ sessionId }) => repository === undefined || sessions.get(sessionId)?.repository === repository,
  );
  const folders = entries.length + spares.count;
  if (folders === 0) {
    void showInformationMessage(vscode.l10n.t('No session has a worktree on the disk.'));
    return;
  }
  const separator: Action = {
    label: vscode.l10n.t('Worktrees'),
    kind: vscode.QuickPickItemKind.Separator,
    run: () => Promise.resolve(),
  };
  const items = [
    ...proposals(options, inventory, entries, sessions),
    ...(spares.count === 0 ? [] : [sparesProposal(inventory.spares, spares, repository)]),
    separator,
    ...entries.map((entry): Action => {
      const session = sessions.get(entry.sessionId);
      return {
        ...entryItem(entry, session),
        run: async () => await actOn(options, inventory, entry, session),
      };
    }),
  ];
  const size = formatBytes(entries.reduce((sum, { bytes }) => sum + bytes, spares.bytes));
  const chosen = await vscode.window.showQuickPick(items, {
    title:
      folders === 1
        ? vscode.l10n.t('Manage Worktrees · {size} in 1 folder', { size })
        : vscode.l10n.t('Manage Worktrees · {size} in {count} folders', { size, count: folders }),
    placeHolder: vscode.l10n.t('Choose a worktree to see what can be done with it'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  await chosen?.run();
}

function proposals(
  { run }: WorktreeManagerOptions,
  inventory: Inventory,
  entries: readonly WorktreeEntry[],
  sessions: Map<string, SessionSummary>,
): Action[] {
  const resting = entries.filter(({ kind, sessionId }) => {
    const session = sessions.get(sessionId);
    return kind === 'worktree' && session !== undefined && !isOpen(session);
  });
  const proposed: Action[] = [];
  const full = resting.filter(({ generated }) => generated.length > 0);
  if (full.length > 0) {
    const size = generatedSize(full);
    proposed.push({
      label: `$(lightbulb) ${vscode.l10n.t('Remove {folders} only', { folders: generatedFolders(full) })}`,
      description:
        full.length === 1
          ? vscode.l10n.t('{size} in 1 worktree where nothing runs', { size })
          : vscode.l10n.t('{size} in {count} worktrees where nothing runs', { size, count: full.length }),
      run: async () => await removeGenerated(inventory, full),
    });
  }
  const old = resting.filter(({ sessionId }) => isOld(sessions.get(sessionId)));
  if (old.length > 0) {
    const label =
      old.length === 1
        ? vscode.l10n.t('Archive the session that ended over two weeks ago')
        : vscode.l10n.t('Archive {0} sessions that ended over two weeks ago', old.length);
    const size = formatBytes(old.reduce((sum, entry) => sum + entry.bytes, 0));
    proposed.push({
      label: `$(lightbulb) ${label}`,
      detail: vscode.l10n.t('frees {size}; work and history are kept', { size }),
      run: async () => {
        for (const { sessionId } of old) await run('archiveSession', sessionId);
      },
    });
  }
  return proposed;
}

function isOld(session: SessionSummary | undefined): boolean {
  return session !== undefined && hasEnded(session) && Date.now() - Date.parse(session.lastActivityAt) > OLD_AFTER_MS;
}

const ICONS: Record<WorktreeEntry['kind'], string> = {
  worktree: 'folder',
  trash: 'trash',
  leftover: 'warning',
  stray: 'question',
  left: 'remote',
};

function entryItem(entry: WorktreeEntry, session: SessionSummary | undefined): vscode.QuickPickItem {
  const states: Record<WorktreeEntry['kind'], string> = {
    worktree: session === undefined ? '' : statusLabel(shownStatus(session)),
    trash: vscode.l10n.t('deleted, kept in the trash'),
    leftover: vscode.l10n.t('deleted, but not all of it could be removed'),
    stray: vscode.l10n.t('belongs to no session'),
    left:
      entry.kind === 'left' ? vscode.l10n.t('left here; the session works on “{host}”', { host: entry.worksOn }) : '',
  };
  const contents =
    entry.kind === 'leftover'
      ? entry.notCaptured.join(', ')
      : entry.kind === 'trash' && entry.notCaptured.length > 0
        ? vscode.l10n.t('no snapshot holds {paths}', { paths: entry.notCaptured.join(', ') })
        : describeContents(entry.summary);
  const generated =
    entry.generated.length === 0 ? [] : [`${describeFolders(entry.generated)}: ${generatedSize([entry])}`];
  const age = session === undefined ? [] : [elapsedTime(session.lastActivityAt, Date.now())];
  return {
    label: `$(${ICONS[entry.kind]}) ${plainLabel(session?.title ?? entry.sessionId)}`,
    description: [formatBytes(entry.bytes), states[entry.kind], ...age].join(' · '),
    detail: plainLabel([contents, ...generated].join(' · ')),
  };
}

/** Asks what to do with a folder, and does it. */
async function actOn(
  options: WorktreeManagerOptions,
  inventory: Inventory,
  entry: WorktreeEntry,
  session: SessionSummary | undefined,
): Promise<void> {
  const { run } = options;
  const { sessionId, kind, path, generated } = entry;
  const actions: Action[] = [
    {
      label: `$(empty-window) ${vscode.l10n.t('Open in New Window')}`,
      description: path,
      run: async () => {
        await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(path), { forceNewWindow: true });
      },
    },
  ];
  const add = (icon: string, label: string, description: string | undefined, act: () => Promise<void>): void => {
    actions.push({ label: `$(${icon}) ${label}`, ...(description !== undefined && { description }), run: act });
  };
  if (kind === 'trash')
    add('discard', vscode.l10n.t('Undo Delete'), undefined, async () => await run('undoDelete', sessionId));
  if (kind === 'leftover')
    add(
      'trash',
      vscode.l10n.t('Try Again to Remove'),
      vscode.l10n.t('only what a snapshot holds'),
      async () => await removeLeftovers(inventory, entry),
    );
  if (entry.kind === 'stray' || entry.kind === 'left')
    add(
      'trash',
      vscode.l10n.t('Remove…'),
      vscode.l10n.t('its work is kept in a snapshot'),
      async () => await removeUnused(options, inventory, entry),
    );
  if (kind === 'worktree') {
    const review = vscode.l10n.t('Review Changes');
    add('diff-multiple', review, undefined, async () => await run('reviewChanges', sessionId));
    if (session !== undefined && !isOpen(session)) {
      if (generated.length > 0)
        add(
          'clear-all',
          vscode.l10n.t('Remove {folders} Only…', { folders: generatedFolders([entry]) }),
          generatedSize([entry]),
          async () => await removeGenerated(inventory, [entry]),
        );
      const freed = vscode.l10n.t('frees {size}; work and history are kept', { size: formatBytes(entry.bytes) });
      add('archive', vscode.l10n.t('Archive'), freed, async () => await run('archiveSession', sessionId));
    }
    const remove = vscode.l10n.t('Delete Session…');
    add('trash', remove, undefined, async () => await run('deleteSession', sessionId));
  }
  await (await vscode.window.showQuickPick(actions, { title: session?.title ?? path }))?.run();
}

/** Removes folders that tools fill again, where the person agrees. */
async function removeGenerated(inventory: Inventory, entries: readonly WorktreeEntry[]): Promise<void> {
  const remove = vscode.l10n.t('Remove');
  const folders = generatedFolders(entries);
  const question =
    entries.length === 1
      ? vscode.l10n.t('Remove {folders} from 1 worktree?', { folders })
      : vscode.l10n.t('Remove {folders} from {count} worktrees?', { folders, count: entries.length });
  const list = entries.flatMap(({ path, generated }) =>
    generated.map(({ name, bytes }) => `• ${path}/${name} (${formatBytes(bytes)})`),
  );
  const detail = [vscode.l10n.t('Git ignores them, and tools fill them again:'), ...list].join('\n');
  if ((await showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  let freedBytes = 0;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Removing folders…') },
    async () => {
      for (const { sessionId } of entries) freedBytes += await inventory.removeGenerated(sessionId);
    },
  );
  void showInformationMessage(vscode.l10n.t('Freed {size}.', { size: formatBytes(freedBytes) }));
}

async function removeLeftovers(inventory: Inventory, { sessionId, bytes }: WorktreeEntry): Promise<void> {
  const kept = await inventory.removeLeftovers(sessionId);
  void showInformationMessage(
    kept.length === 0
      ? vscode.l10n.t('Freed {size}.', { size: formatBytes(bytes) })
      : vscode.l10n.t('Not all could be removed: {kept}', { kept: kept.join(', ') }),
  );
}

function generatedFolders(entries: readonly WorktreeEntry[]): string {
  return describeFolders(entries.flatMap(({ generated }) => generated));
}

function generatedSize(entries: readonly WorktreeEntry[]): string {
  return formatBytes(entries.flatMap(({ generated }) => generated).reduce((sum, { bytes }) => sum + bytes, 0));
}

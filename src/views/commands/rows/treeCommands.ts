import * as v from 'valibot';
import * as vscode from 'vscode';
import type { TimelineTarget } from '../../../protocol/timelineProtocol';
import type { CorralApi, SessionSummary } from '../../../supervisor/api';
import { editFilter } from '../../pickers/filterChoice';
import type { SessionMarks } from '../../sessions/sessionMarks';
import { needsYou } from '../../sessionPredicates';
import type { CommandName } from '../../text/contributions';
import { showInformationMessage } from '../../text/messages';
import type { CommandActions } from '../commandRunner';
import type { ChooseSessions } from './manySessions';
import { showStatusMenu } from './statusMenu';
import type { TreeControl } from './treeControl';

export type TreeCommandName = Extract<
  CommandName,
  | 'groupByRepository'
  | 'groupByStatus'
  | 'groupByDay'
  | 'filterSessions'
  | 'clearFilter'
  | 'showOnlyHere'
  | 'showEverywhere'
  | 'pinSession'
  | 'unpinSession'
  | 'markAsUnread'
  | 'markAsRead'
  | 'goToNextQuestion'
  | 'showStatusMenu'
>;

export interface TreeCommandsOptions {
  source: Pick<CorralApi, 'listSessions'>;
  tree: TreeControl;
  marks: SessionMarks;
  chooseMany: ChooseSessions;
  showTimeline: (sessionId: string, target?: TimelineTarget) => void;
  reveal: (sessionId: string) => Promise<void>;
}

/** A row of the tree, or a session's id. */
const fromSchema = v.union([
  v.string(),
  v.pipe(
    v.object({ id: v.string() }),
    v.transform(({ id }) => id),
  ),
]);

/** Commands that change what the Sessions tree shows, and that lead to what needs a person. */
export function treeCommands(options: TreeCommandsOptions): CommandActions<TreeCommandName> {
  const { source, tree, marks, chooseMany, showTimeline, reveal } = options;
  const none = vscode.l10n.t('There is no session yet.');
  const isListed = (session: SessionSummary): boolean => !session.deleted && !session.archived;
  const idsOf = (sessions: readonly SessionSummary[]): string[] => sessions.map(({ id }) => id);
  /** The question after which the next one comes. */
  let last = '';
  const show = async (id: string): Promise<void> => {
    last = id;
    await reveal(id);
    showTimeline(id, 'question');
  };
  return {
    groupByRepository: async () => await tree.setOptions({ grouping: 'repository' }),
    groupByStatus: async () => await tree.setOptions({ grouping: 'status' }),
    groupByDay: async () => await tree.setOptions({ grouping: 'day' }),
    filterSessions: async () => await editFilter(tree),
    clearFilter: async () => await tree.setOptions({ text: '', situations: [], onlyHere: false }),
    showOnlyHere: async () => await tree.setOptions({ onlyHere: true }),
    showEverywhere: async () => await tree.setOptions({ onlyHere: false }),
    pinSession: async (argument) => {
      const fits = (each: SessionSummary): boolean => isListed(each) && !marks.isPinned(each.id);
      marks.setPinned(idsOf(await chooseMany(argument, vscode.l10n.t('Pin Session'), fits, none)), true);
    },
    unpinSession: async (argument) => {
      const fits = (each: SessionSummary): boolean => isListed(each) && marks.isPinned(each.id);
      const nonePinned = vscode.l10n.t('No session is pinned.');
      marks.setPinned(idsOf(await chooseMany(argument, vscode.l10n.t('Unpin Session'), fits, nonePinned)), false);
    },
    markAsUnread: async (argument) => {
      const fits = (each: SessionSummary): boolean => isListed(each) && !marks.isUnseen(each);
      marks.markUnread(idsOf(await chooseMany(argument, vscode.l10n.t('Mark as Unread'), fits, none)));
    },
    markAsRead: async (argument) => {
      const fits = (each: SessionSummary): boolean => isListed(each) && marks.isUnseen(each);
      const noneUnread = vscode.l10n.t('Every session has been seen.');
      marks.markSeen(await chooseMany(argument, vscode.l10n.t('Mark as Read'), fits, noneUnread));
    },
    goToNextQuestion: async (argument) => {
      const from = v.safeParse(fromSchema, argument);
      const id = nextQuestion(await source.listSessions(), from.success ? from.output : last, (each) =>
        marks.isUnseen(each),
      );
      if (id === undefined) {
        void showInformationMessage(vscode.l10n.t('No session needs you.'));
        return;
      }
      await show(id);
    },
    showStatusMenu: async () => await showStatusMenu(await source.listSessions(), tree, show),
  };
}

/** Questions first, the longest wait first, then all else that needs a person, then ends that nobody saw. */
export function nextQuestion(
  sessions: readonly SessionSummary[],
  last: string,
  isUnseen: (session: SessionSummary) => boolean,
): string | undefined {
  const listed = sessions
    .filter((session) => !session.deleted && !session.archived)
    .sort((a, b) => a.since.localeCompare(b.since) || a.id.localeCompare(b.id));
  for (const isNext of [({ needsInput }: SessionSummary) => needsInput, needsYou, isUnseen]) {
    const fitting = listed.filter(isNext);
    const next = fitting[fitting.findIndex(({ id }) => id === last) + 1] ?? fitting[0];
    if (next !== undefined) return next.id;
  }
  return undefined;
}

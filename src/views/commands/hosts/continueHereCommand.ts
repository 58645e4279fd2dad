import * as vscode from 'vscode';
import { CorralError } from '../../../storage/errors';
import type { CorralApi } from '../../../supervisor/api';
import { hostRefName } from '../../../supervisor/git/snapshots/snapshotRef';
import type { WorktreeControl } from '../../../supervisor/lifecycle/worktreeControl';
import type { TimelineTarget } from '../../../protocol/timelineProtocol';
import type { ChooseSession } from '../../pickers/sessionChoice';
import { inProgress } from '../../progress';
import { isOnHost, isOpen } from '../../sessionPredicates';
import { continueHereDetail } from '../../text/placeChangeDetail';
import { showWarningMessage } from '../../text/messages';
import type { CommandActions } from '../commandRunner';

export interface ContinueHereOptions {
  /** What the command needs of the supervisor. */
  source: Pick<CorralApi, 'continueHere'> & {
    worktree(id: string): Promise<Pick<WorktreeControl, 'snapshots'>>;
  };
  choose: ChooseSession;
  showTimeline: (sessionId: string, target?: TimelineTarget) => void;
}

/** The command by which a session of a host goes on here. It says what is here of it, and asks. */
export function continueHereCommand({
  source,
  choose,
  showTimeline,
}: ContinueHereOptions): CommandActions<'continueHere'> {
  return {
    continueHere: async (argument) => {
      const none = vscode.l10n.t('No session works on another host.');
      const session = await choose(argument, vscode.l10n.t('Continue Here'), isOnHost, none);
      if (!isOnHost(session)) throw new CorralError('CONFLICT', none);
      const [last] = await inProgress(async () => await (await source.worktree(session.id)).snapshots());
      const question = vscode.l10n.t('Continue “{title}” on this computer?', { title: session.title });
      const keptAs = hostRefName(session.host?.name ?? '', session.id);
      const detail = continueHereDetail(session, { isRunning: isOpen(session), takenAt: last?.takenAt, keptAs });
      const go = vscode.l10n.t('Continue Here');
      if ((await showWarningMessage(question, { modal: true, detail }, go)) !== go) return;
      await inProgress(async () => await source.continueHere(session.id));
      showTimeline(session.id, 'messageBox');
    },
  };
}

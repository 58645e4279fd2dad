import * as vscode from 'vscode';
import type { CorralApi } from '../../../supervisor/api';
import type { Hosts } from '../../../supervisor/hosts/hosts';
import { requireHost } from '../../hosts/place';
import type { ChooseSession } from '../../pickers/sessionChoice';
import { inProgress } from '../../progress';
import { canMoveToHost, isOpen } from '../../sessionPredicates';
import { showInformationMessage, showWarningMessage } from '../../text/messages';
import { moveToHostDetail } from '../../text/placeChangeDetail';
import type { TimelineTarget } from '../../../protocol/timelineProtocol';
import type { CommandActions } from '../commandRunner';
import { requireTrust } from '../sessionStarter';
import { askForSsh } from './askForSsh';
import { chooseHost } from './hostChoice';

export interface MoveToHostOptions {
  /** What the command needs of the supervisor. */
  source: Pick<CorralApi, 'moveToHost' | 'stop'> & { readonly hosts: Pick<Hosts, 'list' | 'connect'> };
  choose: ChooseSession;
  showTimeline: (sessionId: string, target?: TimelineTarget) => void;
}

/** The command by which a session goes on on a host. It says what goes there and what stays, and asks. */
export function moveToHostCommand({ source, choose, showTimeline }: MoveToHostOptions): CommandActions<'moveToHost'> {
  return {
    moveToHost: async (argument) => {
      requireTrust();
      const none = vscode.l10n.t('No session has work that could move.');
      const session = await choose(argument, vscode.l10n.t('Move to Host'), canMoveToHost, none);
      const others = source.hosts.list().filter(({ name }) => name !== session.host?.name);
      const host = await chooseHost(others, undefined, {
        title: vscode.l10n.t('Move to Host · {title}', { title: session.title }),
        placeHolder: vscode.l10n.t('Where should it go on?'),
      });
      if (host === undefined) return;
      requireHost(host, source.hosts.list(), session.agent);
      const isRunning = isOpen(session);
      const question = vscode.l10n.t('Move “{title}” to “{host}”?', { title: session.title, host });
      const move = isRunning ? vscode.l10n.t('Stop and Move') : vscode.l10n.t('Move');
      const detail = moveToHostDetail(session, { host, isRunning });
      if ((await showWarningMessage(question, { modal: true, detail }, move)) !== move) return;
      const notices = await inProgress(async () => {
        await source.hosts.connect(host, askForSsh(host));
        if (isRunning) await source.stop(session.id);
        return await source.moveToHost(session.id, host);
      });
      showTimeline(session.id, 'messageBox');
      if (notices.length > 0) void showInformationMessage(notices.join(' '));
    },
  };
}

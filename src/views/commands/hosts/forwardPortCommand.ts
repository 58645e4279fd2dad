import * as vscode from 'vscode';
import type { CorralApi, SessionSummary } from '../../../supervisor/api';
import type { ChooseSession } from '../../pickers/sessionChoice';
import { inProgress } from '../../progress';
import { isOnHost } from '../../sessionPredicates';
import { showInformationMessage } from '../../text/messages';
import type { CommandActions } from '../commandRunner';
import { requireTrust } from '../sessionStarter';

export interface ForwardPortOptions {
  /** What the command needs of the supervisor. */
  source: Pick<CorralApi, 'forwardPort'>;
  choose: ChooseSession;
}

/** The command that shows on this computer what a session on a host serves there. */
export function forwardPortCommand({ source, choose }: ForwardPortOptions): CommandActions<'forwardPort'> {
  return {
    forwardPort: async (argument) => {
      requireTrust();
      const none = vscode.l10n.t('No session works on another host.');
      const session = await choose(argument, vscode.l10n.t('Forward Port'), isOnHost, none);
      const typed = await askForPort(session);
      if (typed === undefined) return;
      const forwarded = await inProgress(async () => await source.forwardPort(session.id, Number(typed)));
      const address = vscode.Uri.parse(`http://localhost:${String(forwarded.localPort)}`);
      const open = vscode.l10n.t('Open in Browser');
      const copy = vscode.l10n.t('Copy Address');
      const stop = vscode.l10n.t('Stop Forwarding');
      const chosen = await showInformationMessage(
        vscode.l10n.t('Port {port} of “{host}” is at {address} until this window closes.', {
          port: String(forwarded.port),
          host: session.host?.name ?? '',
          address: address.authority,
        }),
        open,
        copy,
        stop,
      );
      if (chosen === open) await vscode.env.openExternal(address);
      if (chosen === copy) await vscode.env.clipboard.writeText((await vscode.env.asExternalUri(address)).toString());
      if (chosen === stop) forwarded.dispose();
    },
  };
}

async function askForPort({ title, host, port }: SessionSummary): Promise<string | undefined> {
  return await vscode.window.showInputBox({
    title: vscode.l10n.t('Forward Port · {title}', { title }),
    prompt: vscode.l10n.t(
      'On which port does a program of the session listen on “{host}”? Its CORRAL_PORT is {port}.',
      {
        host: host?.name ?? '',
        port: String(port ?? ''),
      },
    ),
    value: String(port ?? ''),
    validateInput: (text) =>
      /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536
        ? undefined
        : vscode.l10n.t('Type a number from 1 to 65535.'),
  });
}

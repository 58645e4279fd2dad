/** Windows of VS Code on a host. */
import * as vscode from 'vscode';
import type { HostSummary } from '../../supervisor/api';
import { showInformationMessage } from '../text/messages';
import { sshAuthority, sshWindowUri } from './sshWindowUri';

/** Extensions that open such windows for ssh, all by the same addresses. */
const REMOTE_SSH = 'ms-vscode-remote.remote-ssh';
const SSH_EXTENSIONS = [REMOTE_SSH, 'jeanp413.open-remote-ssh', 'anysphere.remote-ssh'];

/** Opens a window on a host, with a folder of it if that is given, or says what a person has to do for that. */
export async function openRemoteWindow({ name, enteredBy, target = '' }: HostSummary, folder?: string): Promise<void> {
  // From a window that is itself remote, a name of ssh leads elsewhere.
  const isLocal = vscode.env.remoteName === undefined;
  const hasExtension = SSH_EXTENSIONS.some((id) => vscode.extensions.getExtension(id) !== undefined);
  if (enteredBy !== 'ssh')
    void sayHowToOpen(
      vscode.l10n.t(
        'The host “{name}” is entered by a command. Open a window there by the extension for it, such as Dev Containers or Kubernetes.',
        { name },
      ),
      { folder, canSearch: false },
    );
  else if (!isLocal)
    void sayHowToOpen(
      vscode.l10n.t('A window on the host “{name}” can be opened from a local window only.', { name }),
      {
        folder,
        canSearch: false,
      },
    );
  else if (!hasExtension)
    void sayHowToOpen(
      vscode.l10n.t('A window on the host “{name}” needs the extension Remote - SSH. Install it, and try again.', {
        name,
      }),
      { folder, canSearch: true },
    );
  else if (folder === undefined)
    await vscode.commands.executeCommand('vscode.newWindow', { remoteAuthority: sshAuthority(target) });
  else
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.parse(sshWindowUri(target, folder), true), {
      forceNewWindow: true,
    });
}

async function sayHowToOpen(
  advice: string,
  { folder, canSearch }: { folder: string | undefined; canSearch: boolean },
): Promise<void> {
  const copy = vscode.l10n.t('Copy Path');
  const search = vscode.l10n.t('Find Extension');
  const place = folder === undefined ? [] : [vscode.l10n.t('The folder there is {folder}.', { folder })];
  const buttons = [...(folder === undefined ? [] : [copy]), ...(canSearch ? [search] : [])];
  const chosen = await showInformationMessage([advice, ...place].join(' '), ...buttons);
  if (chosen === copy) await vscode.env.clipboard.writeText(folder ?? '');
  if (chosen === search) await vscode.commands.executeCommand('workbench.extensions.search', `@id:${REMOTE_SSH}`);
}

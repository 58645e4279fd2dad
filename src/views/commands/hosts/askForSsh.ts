import * as vscode from 'vscode';
import { visibleLine } from '../../../common/visibleText';
import type { HostTestOptions } from '../../../supervisor/hosts/test/hostTest';

/** Asks a person what ssh wants to know on the way to a host, such as a password. It is kept nowhere. */
export function askForSsh(host: string): NonNullable<HostTestOptions['ask']> {
  return async (prompt, signal) => {
    const cancelling = new vscode.CancellationTokenSource();
    const cancel = (): void => cancelling.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await vscode.window.showInputBox(
        {
          title: vscode.l10n.t('The Way to the Host “{host}”', { host }),
          // The host may have worded it.
          prompt: vscode.l10n.t('ssh asks: {prompt}', { prompt: visibleLine(prompt).text }),
          password: true,
          ignoreFocusOut: true,
        },
        cancelling.token,
      );
    } finally {
      signal.removeEventListener('abort', cancel);
      cancelling.dispose();
    }
  };
}

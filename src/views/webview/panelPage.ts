import * as vscode from 'vscode';
import type { PageAddresses } from './webviewPage';

/**
 * Makes an editor tab ready for a page of ours, and gives where `<name>.js` and `<name>.css` are for it. Called for a revived tab as well, which comes with the
 * options of an older version.
 */
export function preparePanel(panel: vscode.WebviewPanel, extensionUri: vscode.Uri, name: string): PageAddresses {
  const { webview } = panel;
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  webview.options = { enableScripts: true, enableCommandUris: false, enableForms: false, localResourceRoots: [dist] };
  panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png'); // a tab does not colour a monochrome icon
  return {
    scriptUri: webview.asWebviewUri(vscode.Uri.joinPath(dist, `${name}.js`)).toString(),
    styleUri: webview.asWebviewUri(vscode.Uri.joinPath(dist, `${name}.css`)).toString(),
    cspSource: webview.cspSource,
  };
}

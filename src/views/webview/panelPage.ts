import * as vscode from 'vscode';
import type { PageResources } from './webviewPage';

/**
 * Makes an editor tab ready for a page of ours, which is `<name>.js` and `<name>.css`.
 * A revived tab needs it too: it comes with the options of an older version.
 */
export function preparePanel(panel: vscode.WebviewPanel, extensionUri: vscode.Uri, name: string): PageResources {
  panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.png'); // a tab does not colour a monochrome icon
  return prepareWebview(panel.webview, extensionUri, name);
}

/** The same for a webview that is no editor tab. */
export function prepareWebview(webview: vscode.Webview, extensionUri: vscode.Uri, name: string): PageResources {
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  webview.options = { enableScripts: true, enableCommandUris: false, enableForms: false, localResourceRoots: [dist] };
  return {
    scriptUri: webview.asWebviewUri(vscode.Uri.joinPath(dist, `${name}.js`)).toString(),
    styleUri: webview.asWebviewUri(vscode.Uri.joinPath(dist, `${name}.css`)).toString(),
    cspSource: webview.cspSource,
    language: vscode.l10n.bundle === undefined ? 'en' : vscode.env.language,
    ...(vscode.l10n.bundle !== undefined && { translations: vscode.l10n.bundle }),
  };
}

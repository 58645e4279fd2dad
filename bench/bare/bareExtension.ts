/** An extension that does nothing but show pages: what VS Code itself costs. Its two pages are opened from a tree. */
import * as vscode from 'vscode';

const PAGES = ['Empty page', 'Live page'];
const POST_EVERY_MS = 40;
/** Shows a word, and then the last messages, as a list of events does. */
const SCRIPT = `
  const feed = document.querySelector('[role=feed]');
  const word = document.createElement('p');
  word.dataset.testid = 'event';
  word.textContent = 'word';
  feed.append(word);
  addEventListener('message', ({ data }) => {
    const row = document.createElement('p');
    row.textContent = data;
    feed.append(row);
    if (feed.childElementCount > 30) feed.firstElementChild.remove();
  });`;

function showPage(name: string, panel: vscode.WebviewPanel): void {
  panel.webview.options = { enableScripts: true };
  panel.webview.html = `<!DOCTYPE html><html><body><h1>${name}</h1><div role="feed"></div><script>${SCRIPT}</script></body></html>`;
  if (name !== 'Live page') return;
  const timer = setInterval(() => void panel.webview.postMessage(`stamp ${Date.now()}`), POST_EVERY_MS);
  panel.onDidDispose(() => clearInterval(timer));
}

export function activate({ subscriptions }: vscode.ExtensionContext): void {
  subscriptions.push(
    vscode.window.registerTreeDataProvider('bare.pages', {
      getChildren: () => PAGES,
      getTreeItem: (name: string) => {
        const row = new vscode.TreeItem(name);
        const uri = vscode.Uri.from({ scheme: 'bare', path: `/${name}` });
        row.command = { title: name, command: 'vscode.openWith', arguments: [uri, 'bare.page', { preview: true }] };
        return row;
      },
    }),
    vscode.window.registerCustomEditorProvider('bare.page', {
      openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
      resolveCustomEditor: ({ uri }, panel) => showPage(uri.path.slice(1), panel),
    }),
  );
}

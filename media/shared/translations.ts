import * as l10n from '@vscode/l10n';

// src/views/webview/webviewPage.ts puts them into the page, unless the editor's language is English.
const contents = document.getElementById('root')?.dataset['translations'];
if (contents !== undefined) l10n.config({ contents });

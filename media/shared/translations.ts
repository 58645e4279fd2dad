import * as l10n from '@vscode/l10n';

// The extension puts them into the page, see src/views/webview/webviewPage.ts. There are none where the editor speaks English.
const contents = document.getElementById('root')?.dataset['translations'];
if (contents !== undefined) l10n.config({ contents });

import { randomBytes } from 'node:crypto';

/** Addresses as the webview knows them (`asWebviewUri`), and the source that its policy allows styles from. */
export interface PageAddresses {
  scriptUri: string;
  styleUri: string;
  cspSource: string;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

/** An event by where it stands. */
export interface EventPlace {
  runId: string;
  seq: number;
}

/** The timeline's page: nothing but its own script and style may load, and nothing may be fetched. Each call has a nonce of its own. */
export function timelinePage(sessionId: string, { scriptUri, styleUri, cspSource }: PageAddresses, place?: EventPlace): string {
  const nonce = randomBytes(18).toString('base64url');
  // Where the page starts; `start` tells it whether it has been there already, since the same page is loaded again whenever its tab is shown.
  const start = place === undefined ? '' : ` data-start="${nonce}" data-run="${escaped(place.runId)}" data-seq="${String(place.seq)}"`;
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${cspSource} 'nonce-${nonce}'; font-src 'none'; img-src 'none'; base-uri 'none'; form-action 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" nonce="${nonce}" href="${escaped(styleUri)}">
<title>Corral</title>
</head>
<body>
<div id="root" data-session="${escaped(sessionId)}"${start}></div>
<script type="module" nonce="${nonce}" src="${escaped(scriptUri)}"></script>
</body>
</html>
`;
}

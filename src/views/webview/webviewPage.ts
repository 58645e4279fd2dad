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

/** What a policy allows one load of a page by; another one each time. */
export function newNonce(): string {
  return randomBytes(18).toString('base64url');
}

/** A page in which nothing but its own script and style may load, and nothing may be fetched. `facts` are there for the script as `data-` attributes of `#root`. */
export function webviewPage(
  { scriptUri, styleUri, cspSource }: PageAddresses,
  nonce: string,
  facts: Record<string, string>,
): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${cspSource} 'nonce-${nonce}'; font-src 'none'; img-src 'none'; base-uri 'none'; form-action 'none'`;
  const attributes = Object.entries(facts).map(([name, value]) => ` data-${name}="${escaped(value)}"`);
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
<div id="root"${attributes.join('')}></div>
<script type="module" nonce="${nonce}" src="${escaped(scriptUri)}"></script>
</body>
</html>
`;
}

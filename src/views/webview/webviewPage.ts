import { randomBytes } from 'node:crypto';

/** What a page is made of. Its addresses are as the webview knows them (`asWebviewUri`). */
export interface PageResources {
  scriptUri: string;
  styleUri: string;
  /** The source that its policy allows styles from. */
  cspSource: string;
  language: string;
  /** By English sentence; left out where the editor speaks English. */
  translations?: Record<string, string>;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

/** A random value that lets a page's own script and style load. */
export function newNonce(): string {
  return randomBytes(18).toString('base64url');
}

/**
 * A page in which nothing but its own script and style may load. Its script makes its workers itself, and finds `facts`
 * and the translations as `data-` attributes of `#root`.
 */
export function webviewPage(
  { scriptUri, styleUri, cspSource, language, translations }: PageResources,
  nonce: string,
  facts: Record<string, string>,
  imageSource: "'none'" | 'data:' = "'none'",
): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${cspSource} 'nonce-${nonce}'; font-src 'none'; img-src ${imageSource}; worker-src blob:; base-uri 'none'; form-action 'none'`;
  const data = { ...facts, ...(translations !== undefined && { translations: JSON.stringify(translations) }) };
  const attributes = Object.entries(data).map(([name, value]) => ` data-${name}="${escaped(value)}"`);
  return `<!DOCTYPE html>
<html lang="${escaped(language)}">
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

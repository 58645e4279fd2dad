/** Writes a session into one file that can be read without Corral: JSON lines, Markdown or a web page. */
import { open, rename, unlink } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import { temporaryPath } from '../../storage/journal/durableFile';
import { CorralError } from '../../storage/errors';
import { pictureFile } from '../../common/pictureFile';
import { messageOf } from '../../common/errors';
import type { SessionEvent } from '../../storage/events';
import type { StorePaths } from '../../storage/paths';
import type { StoreIndex } from '../../storage/database/storeIndex';
import { wholeEvent } from '../../storage/journal/wholeEvent';
import type { SessionSummary } from '../api';
import { eventText } from './eventText';

export type ExportFormat = 'jsonl' | 'markdown' | 'html';

interface Writer {
  begin: (session: SessionSummary) => string;
  event: (event: SessionEvent) => string;
  end: () => string;
}

const PAGE_SIZE = 200;

function facts(session: SessionSummary): [string, string][] {
  return [
    ['Agent', session.agent],
    ['Repository', session.repository],
    ['Base commit', session.baseCommit],
    ['Status', session.failureReason === undefined ? session.status : `${session.status}: ${session.failureReason}`],
    ['Created', session.createdAt],
    ['Last activity', session.lastActivityAt],
  ];
}

/** A code block whose fence is longer than any row of backticks in the code. */
function fenced(code: string): string {
  const longest = (code.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${code}\n${fence}\n`;
}

const inline = (text: string): string => text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>#|~]/g, '\\$&');
/** Prose may be Markdown itself, and must not add headings to the document. */
const quoted = (text: string): string => `> ${text.replace(/\r\n?|\n/g, '$&> ')}\n`;

const MARKDOWN: Writer = {
  begin: (session) =>
    `# ${inline(session.title)}\n\n${facts(session)
      .map(([name, value]) => `- ${name}: ${inline(value)}\n`)
      .join('')}`,
  event: (event) => {
    const { heading, prose, code } = eventText(event);
    return `\n### ${inline(heading)}\n\n${event.timestamp}\n${prose === undefined ? '' : `\n${quoted(prose)}`}${code === undefined ? '' : `\n${fenced(code)}`}`;
  },
  end: () => '',
};

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Those whose bytes are a picture, whatever their event says of them. */
function pictures(event: SessionEvent): string {
  const found = event.kind === 'message' || event.kind === 'tool.result' ? (event.data.pictures ?? []) : [];
  return found
    .map(({ data }) => {
      const type = pictureFile(Buffer.from(data, 'base64'))?.mediaType;
      return type === undefined ? '' : `<img alt="" src="data:${type};base64,${escaped(data)}">`;
    })
    .join('');
}

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}
article{border-top:1px solid #8884;padding:.6rem 0}h2{font-size:1rem;margin:0;overflow-wrap:anywhere}time{opacity:.7;font-size:.8rem}
img{max-width:100%}p{white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0}pre{background:#8882;padding:.6rem;overflow:auto;max-height:30rem;margin:.4rem 0}`;

const HTML: Writer = {
  begin: (session) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(session.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(session.title)}</h1>
<dl>${facts(session)
    .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
    .join('')}</dl>
`,
  event: (event) => {
    const { heading, prose, code } = eventText(event);
    const body = `${prose === undefined ? '' : `<p>${escaped(prose)}</p>`}${code === undefined ? '' : `<pre>${escaped(code)}</pre>`}`;
    return `<article><h2>${escaped(heading)}</h2><time>${event.timestamp}</time>${body}${pictures(event)}</article>\n`;
  },
  end: () => '</body>\n</html>\n',
};

/** The first line is the session, each other one an event. */
const JSONL: Writer = {
  begin: (session) => `${JSON.stringify(session)}\n`,
  event: (event) => `${JSON.stringify(event)}\n`,
  end: () => '',
};

const WRITERS: Record<ExportFormat, Writer> = { jsonl: JSONL, markdown: MARKDOWN, html: HTML };

/**
 * Writes the session with all its events and their blobs. A file at `target` is replaced by a complete one.
 * @throws STORE_FAILED
 */
export async function exportSession(
  paths: StorePaths,
  index: StoreIndex,
  session: SessionSummary,
  format: ExportFormat,
  target: string,
): Promise<void> {
  const writer = WRITERS[format];
  const temporary = temporaryPath(target);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.appendFile(writer.begin(session));
      for (let afterId: number | undefined; ;) {
        const events = await index.query(session.id, 'history', { limit: PAGE_SIZE, afterId });
        for (const event of events)
          await file.appendFile(writer.event(await wholeEvent(paths.session(session.id).run(event.runId), event)));
        afterId = events.at(-1)?.id;
        if (events.length < PAGE_SIZE) break;
      }
      await file.appendFile(writer.end());
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw new CorralError(
      'STORE_FAILED',
      l10n.t('The session could not be written to {target}: {reason}', { target, reason: messageOf(error) }),
      { cause: error },
    );
  }
}

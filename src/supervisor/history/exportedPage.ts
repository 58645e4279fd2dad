/** A session as one web page: the timeline's own renderer with its data, which loads nothing from elsewhere. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pictureFile } from '../../common/pictureFile';
import type { Aside } from '../../storage/asides';
import type { SessionEvent } from '../../storage/events';
import type { SessionSummary } from '../api';

/** A session with the questions that were asked beside its work. */
export type ExportedSession = SessionSummary & { asides: Aside[] };

/** Writes a document piece by piece, so that a long session is never wholly in memory. */
export interface DocumentWriter {
  begin: (session: ExportedSession) => string | Promise<string>;
  /** A page of events in their order. */
  events: (events: readonly SessionEvent[]) => string;
  end: (session: ExportedSession) => string | Promise<string>;
}

interface RunBounds {
  eventCount: number;
  firstMs: number;
  lastMs: number;
}

/** Writes the web page; `bundles` is the folder with the renderer's script and style. */
export function pageWriter(bundles: string, facts: (session: SessionSummary) => [string, string][]): DocumentWriter {
  const bounds = new Map<string, RunBounds>();
  let script = '';
  return {
    begin: async ({ title }) => {
      const read = async (name: string): Promise<string> => await readFile(join(bundles, name), 'utf8');
      const style = await read('exportPage.css');
      script = (await read('exportPage.js')).replaceAll('</script', '<\\/script');
      const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data:; worker-src blob:; base-uri 'none'; form-action 'none'`;
      return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<div id="root"></div>
<noscript>This page shows its session with a script of its own. Allow it, or export the session as Markdown.</noscript>
`;
    },
    events: (events) => {
      for (const { runId, seq, timestamp } of events) {
        const timeMs = Date.parse(timestamp);
        const { firstMs } = bounds.get(runId) ?? { firstMs: timeMs };
        bounds.set(runId, { eventCount: seq, firstMs, lastMs: timeMs });
      }
      return events.length === 0 ? '' : `${dataBlock('class="events"', events.map(withTrueTypes))}\n`;
    },
    end: (session) => {
      let turns = 0;
      const runs = session.runs.flatMap(({ runId, ordinal, state, turns: ofRun }) => {
        const turnsBefore = turns;
        turns += ofRun;
        const found = bounds.get(runId);
        return found === undefined ? [] : [{ runId, ordinal, state, turnsBefore, ...found }];
      });
      // Nothing can be done with a session on a page without its editor.
      const data = { session: { ...session, runs, actions: [] }, asides: session.asides, facts: facts(session) };
      return `${dataBlock('id="session"', data)}\n<script>${script}</script>\n</body>\n</html>\n`;
    },
  };
}

/** Data that no script of the page can be: a browser does not run it, and it cannot end its own element. */
function dataBlock(attribute: string, data: unknown): string {
  return `<script type="application/json" ${attribute}>${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`;
}

/** Pictures by what their bytes are, whatever their event says of them. */
function withTrueTypes(event: SessionEvent): SessionEvent {
  if ((event.kind !== 'message' && event.kind !== 'tool.result') || event.data.pictures === undefined) return event;
  const pictures = event.data.pictures.map((picture) => ({
    ...picture,
    mediaType: pictureFile(Buffer.from(picture.data, 'base64'))?.mediaType ?? 'application/octet-stream',
  }));
  return { ...event, data: { ...event.data, pictures } } as SessionEvent;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

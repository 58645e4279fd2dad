/** Writes a session into one file that can be read without Corral: JSON lines, Markdown or a web page. */
import { open, rename, unlink } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import { temporaryPath } from '../../storage/journal/durableFile';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { SessionEvent } from '../../storage/events';
import type { StorePaths } from '../../storage/paths';
import type { StoreIndex } from '../../storage/database/storeIndex';
import type { Aside } from '../../storage/asides';
import { wholeEvent } from '../../storage/journal/wholeEvent';
import type { SessionSummary } from '../api';
import { eventText } from './eventText';
import type { DocumentWriter, ExportedSession } from './exportedPage';
import { pageWriter } from './exportedPage';

export type ExportFormat = 'jsonl' | 'markdown' | 'html';

/** So many events are in memory at a time. */
const PAGE_SIZE = 50;

function facts(session: SessionSummary): [string, string][] {
  return [
    ['Agent', session.agent],
    ['Repository', session.repository],
    ...(session.issue === undefined ? [] : [['Issue', session.issue.url] satisfies [string, string]]),
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

function markdownOf(event: SessionEvent): string {
  const { heading, prose, code } = eventText(event);
  return `\n### ${inline(heading)}\n\n${event.timestamp}\n${prose === undefined ? '' : `\n${quoted(prose)}`}${code === undefined ? '' : `\n${fenced(code)}`}`;
}

function markdownOfAside({ agent, question, answer, state, reason = '', askedAt }: Aside): string {
  const told = state === 'answered' ? '' : `\n${inline(`${state} ${reason}`.trim())}\n`;
  return `\n### Aside · ${inline(agent)}\n\n${askedAt}\n\n${quoted(question)}\n${answer === '' ? '' : quoted(answer)}${told}`;
}

const MARKDOWN: DocumentWriter = {
  begin: (session) =>
    `# ${inline(session.title)}\n\n${facts(session)
      .map(([name, value]) => `- ${name}: ${inline(value)}\n`)
      .join('')}`,
  events: (events) => events.map(markdownOf).join(''),
  end: ({ asides }) =>
    asides.length === 0 ? '' : `\n## Asked beside the work\n${asides.map(markdownOfAside).join('')}`,
};

/** The first line is the session with its asides, each other one an event. */
const JSONL: DocumentWriter = {
  begin: (session) => `${JSON.stringify(session)}\n`,
  events: (events) => events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  end: () => '',
};

function writerOf(format: ExportFormat, bundles: string): DocumentWriter {
  if (format === 'html') return pageWriter(bundles, facts);
  return format === 'markdown' ? MARKDOWN : JSONL;
}

/**
 * Writes the session with all its events and their blobs; a file at `target` is replaced by a complete one.
 * `bundles` is the folder of Corral's bundles.
 * @throws STORE_FAILED
 */
export async function exportSession(
  paths: StorePaths,
  index: StoreIndex,
  session: ExportedSession,
  format: ExportFormat,
  target: string,
  bundles: string,
): Promise<void> {
  const writer = writerOf(format, bundles);
  const temporary = temporaryPath(target);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.appendFile(await writer.begin(session));
      for (let afterId: number | undefined; ;) {
        const events = await index.query(session.id, 'history', { limit: PAGE_SIZE, afterId });
        const whole: SessionEvent[] = [];
        for (const event of events) whole.push(await wholeEvent(paths.session(session.id).run(event.runId), event));
        await file.appendFile(writer.events(whole));
        afterId = events.at(-1)?.id;
        if (events.length < PAGE_SIZE) break;
      }
      await file.appendFile(await writer.end(session));
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

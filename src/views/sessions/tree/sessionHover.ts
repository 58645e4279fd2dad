import * as vscode from 'vscode';
import { oneLine } from '../../../common/oneLine';
import { shorten } from '../../../common/shorten';
import { visibleText } from '../../../common/visibleText';
import type { SessionEvent } from '../../../storage/events';
import { issueLabel } from '../../../storage/issueReference';
import type { IssueReference, SessionSummary } from '../../../supervisor/api';
import type { SessionRow } from '../sessionRow';
import { sessionTooltip } from '../sessionTooltip';

const MAX_PROMPT_CHARACTERS = 600;
/** More would push what follows out of the tooltip. */
const MAX_PROMPT_LINES = 8;
const MAX_MESSAGE_CHARACTERS = 400;
/** The last message is looked for in so many events from the end. */
const SEARCHED_EVENTS = 200;

/** What a row's tooltip needs of the supervisor. */
export interface HoverSource {
  timeline(id: string): Promise<{
    query(
      query: 'runEvents',
      parameters: { runId: string; fromSeq: number; limit: number },
    ): Promise<readonly SessionEvent[]>;
  }>;
}

/** What a row's tooltip says. Texts of agents and people stand in it as they are: nothing of them is Markdown. */
export async function sessionHover(
  source: HoverSource,
  session: SessionSummary,
  row: SessionRow,
): Promise<vscode.MarkdownString> {
  const text = new vscode.MarkdownString();
  text.appendMarkdown('**').appendText(visibleText(session.title)).appendMarkdown('**');
  if (session.issue !== undefined) appendIssue(text.appendMarkdown('\n\n'), session.issue);
  const [first, ...others] = promptLines(session);
  if (first !== undefined) text.appendMarkdown('\n\n').appendText(first);
  for (const line of others) text.appendMarkdown('  \n').appendText(line);
  text.appendMarkdown('\n\n---\n\n');
  for (const [name, value] of sessionTooltip(session, row))
    text.appendText(`${name}: ${visibleText(value)}`).appendMarkdown('  \n');
  const message = await lastMessage(source, session).catch(() => undefined); // the rest is worth showing without it
  if (message !== undefined)
    text.appendMarkdown('\n\n---\n\n').appendText(shorten(visibleText(message).trim(), MAX_MESSAGE_CHARACTERS));
  return text;
}

/** The beginning of the prompt without what the title says already, and without empty lines. */
function promptLines({ prompt, title }: SessionSummary): string[] {
  const shown = shorten(visibleText(prompt).trim(), MAX_PROMPT_CHARACTERS);
  const lines = shown.split('\n').filter((line) => line.trim() !== '');
  if (lines[0]?.trim() === title) lines.shift();
  return lines.length > MAX_PROMPT_LINES ? [...lines.slice(0, MAX_PROMPT_LINES - 1), '…'] : lines;
}

/** Only its number is the link: a title may hold what looks like the end of one. */
function appendIssue(text: vscode.MarkdownString, issue: IssueReference): void {
  const name = issue.kind === 'issue' ? vscode.l10n.t('Issue') : vscode.l10n.t('Pull request');
  text.appendText(`${name}: `).appendMarkdown(`[${issueLabel(issue)}](<${issue.url}>)`);
  text.appendText(` ${oneLine(visibleText(issue.title))}`);
}

/** What the agent said last, where it is near the end of the newest run. */
async function lastMessage(source: HoverSource, { id, runs }: SessionSummary): Promise<string | undefined> {
  const run = runs.at(-1);
  if (run === undefined || run.eventCount === 0) return undefined;
  const events = await (
    await source.timeline(id)
  ).query('runEvents', {
    runId: run.runId,
    fromSeq: Math.max(1, run.eventCount - SEARCHED_EVENTS + 1),
    limit: SEARCHED_EVENTS,
  });
  const last = events.findLast((event) => event.kind === 'message' && event.data.role === 'assistant');
  return last?.kind === 'message' && last.data.text !== '' ? last.data.text : undefined;
}

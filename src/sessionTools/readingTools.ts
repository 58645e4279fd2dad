/** The tools that only look: at sessions, at what was recorded of them, and at what they changed. */
import { CorralError } from '../storage/errors';
import { eventText } from '../supervisor/history/eventText';
import type { SessionSummary } from '../supervisor/api';
import { cut, MAX_ANSWER_CHARACTERS } from './answerText';
import { reachOf, requireReach } from './callerTree';
import { choice, count, optional, text } from './inputFields';
import { readBackwards } from './readBackwards';
import { factsOf, wordsOf } from './sessionFacts';
import { defineTool } from './sessionTool';

const DEFAULT_SESSIONS = 20;
const MAX_SESSIONS = 50;
const DEFAULT_RESULTS = 20;
const MAX_RESULTS = 100;
const MAX_RESULT_CHARACTERS = 500;
const STATUSES = ['Starting', 'Running', 'Completed', 'Failed'] as const;

export const SESSION_ID = text('The id of the session: 12 characters, as list_sessions tells it.');

export const listSessions = defineTool({
  name: 'list_sessions',
  title: 'List Sessions',
  description:
    'Lists sessions of coding agents, newest first: id, agent, repository, status, what changed, and whether a person is asked something. Give the last id as "after" for the next page.',
  isReadOnly: true,
  fields: {
    repository: optional(text('Only sessions of the repository around this folder: an absolute path.')),
    status: optional(choice(STATUSES, 'Only sessions with this status.')),
    after: optional(text('The id of the last session of the page before.')),
    limit: optional(count(1, MAX_SESSIONS, `How many; ${String(DEFAULT_SESSIONS)} where absent.`)),
  },
  answer: async ({ repository, status, after, limit = DEFAULT_SESSIONS }, call) => {
    const reaches = await reachOf(call);
    const filter = { archived: false, ...(repository === undefined ? {} : { repository }) };
    const listed = (await call.source.listSessions(filter)).filter(
      (session) => !session.deleted && reaches(session.id) && (status === undefined || session.status === status),
    );
    const page = listed.slice(startOfPage(listed, after)).slice(0, limit);
    const hasMore = page.at(-1) !== undefined && page.at(-1)?.id !== listed.at(-1)?.id;
    return {
      facts: { sessions: page.map(factsOf), all: listed.length, ...(hasMore ? { next: page.at(-1)?.id } : {}) },
      untrusted: page.map(wordsOf).join('\n'),
    };
  },
});

function startOfPage(listed: readonly SessionSummary[], after: string | undefined): number {
  if (after === undefined) return 0;
  const index = listed.findIndex(({ id }) => id === after);
  if (index === -1)
    throw new CorralError('INVALID_ARGUMENT', `There is no session ${after} in this list. List from the start again.`);
  return index + 1;
}

export const readSession = defineTool({
  name: 'read_session',
  title: 'Read Session',
  description:
    'Reads what was said and done in a session, the newest part first. "conversation" has messages, questions, errors and ends; "everything" also tool calls with their results and file changes. For what came before, give the "before" of the answer.',
  isReadOnly: true,
  fields: {
    sessionId: SESSION_ID,
    detail: optional(choice(['conversation', 'everything'], 'How much to tell; "conversation" where absent.')),
    runId: optional(text('Another run than the last one; the answer names them all.')),
    before: optional(count(2, Number.MAX_SAFE_INTEGER, 'Only events before this number.')),
  },
  answer: async ({ sessionId, detail = 'conversation', runId, before }, call) => {
    const { source, signal } = call;
    await requireReach([sessionId], call);
    const session = await source.latestSession(sessionId);
    const runs = session.runs.map((run) => ({
      runId: run.runId,
      state: run.state,
      events: run.eventCount,
      turns: run.turns,
    }));
    const run = runId === undefined ? session.runs.at(-1) : session.runs.find((each) => each.runId === runId);
    if (run === undefined && runId !== undefined)
      throw new CorralError('RUN_NOT_FOUND', `This session has no run ${runId}.`);
    if (run === undefined) return { facts: { session: factsOf(session), runs }, untrusted: wordsOf(session) };
    const part = await readBackwards(await source.timeline(sessionId), run, { detail, before, signal });
    return {
      facts: {
        session: factsOf(session),
        runs,
        shown: { runId: run.runId, ...part.shown },
      },
      untrusted: [wordsOf(session), ...part.texts].join('\n\n'),
    };
  },
});

export const searchHistory = defineTool({
  name: 'search_history',
  title: 'Search History',
  description:
    'Finds a text, whatever its case, in all that was recorded of all sessions: prompts, messages, commands, their output, changed files. Newest first.',
  isReadOnly: true,
  fields: {
    text: text('What to search for.'),
    limit: optional(count(1, MAX_RESULTS, `How many results; ${String(DEFAULT_RESULTS)} where absent.`)),
  },
  answer: async ({ text: wanted, limit = DEFAULT_RESULTS }, call) => {
    const { source, signal, report } = call;
    const reaches = await reachOf(call);
    const results = [];
    const excerpts = [];
    for await (const { sessionId, event } of source.searchHistory(wanted, { signal })) {
      if (!reaches(sessionId)) continue;
      const { runId, seq, kind, timestamp } = event;
      results.push({ sessionId, runId, event: seq, kind, timestamp });
      excerpts.push(`Session ${sessionId}, event ${String(seq)}: ${excerptOf(eventTextOf(event), wanted)}`);
      report({ done: results.length, all: limit, message: `${String(results.length)} found` });
      if (results.length >= limit) break;
    }
    return { facts: { results }, untrusted: excerpts.join('\n') };
  },
});

function eventTextOf(event: Parameters<typeof eventText>[0]): string {
  const { heading, prose, code } = eventText(event);
  return [heading, prose, code].filter((part) => part !== undefined).join('\n');
}

/** What is around the first place of the text. */
function excerptOf(whole: string, wanted: string): string {
  const found = whole.toLowerCase().indexOf(wanted.toLowerCase());
  const from = Math.max(0, found - MAX_RESULT_CHARACTERS / 4);
  return `${from > 0 ? '…' : ''}${cut(whole.slice(from), MAX_RESULT_CHARACTERS)}`;
}

export const reviewChanges = defineTool({
  name: 'review_changes',
  title: 'Review Changes',
  description:
    'Shows what a session has changed against its base, now and with uncommitted files: the list of files, and a unified diff as far as it fits. Give "path" to see the whole diff of one file or folder.',
  isReadOnly: true,
  fields: {
    sessionId: SESSION_ID,
    path: optional(text('Only this file or folder, relative to the repository, with "/".')),
  },
  answer: async ({ sessionId, path }, call) => {
    const { source, signal } = call;
    await requireReach([sessionId], call);
    const session = await source.latestSession(sessionId);
    const { files, patch, isCut } = await source.patch(sessionId, {
      ...(path === undefined ? {} : { path }),
      signal,
    });
    const kinds = { added: 0, modified: 0, deleted: 0 };
    for (const { kind } of files) kinds[kind]++;
    const list = files.map(({ kind, path: name, previousPath }) =>
      previousPath === undefined ? `${kind} ${name}` : `${kind} ${name} (was ${previousPath})`,
    );
    return {
      facts: {
        session: factsOf(session),
        files: kinds,
        ...(isCut || patch.length > MAX_ANSWER_CHARACTERS
          ? { diff: 'Only its start is shown. Ask for one path at a time.' }
          : {}),
      },
      untrusted: `${cut(list.join('\n'), MAX_ANSWER_CHARACTERS / 3)}\n\n${patch}`,
    };
  },
});

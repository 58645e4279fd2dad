/** Answers the queries about one session's events in SQL. */
import type { SqlValue } from 'sql.js';
import * as v from 'valibot';
import { searchable } from '../../common/searchable';
import { CorralError } from '../errors';
import { contextUseSchema, EVENT_KINDS, parseDraft } from '../events';
import { eventId } from '../ids';
import { SearchPattern } from '../search/searchPattern';
import { textColumn } from './connection';
import type { Connection } from './connection';
import { MAX_EVENTS_PER_QUERY } from '../timelineQueries';
import type { QueryAnswer, QueryParameters, TimelineQuery } from '../timelineQueries';

/** Tools, and files, that one answer names. */
const MAX_FACETS = 200;
/** Pauses that one answer names. */
const MAX_PAUSES = 60;

/** What answers each query, in the form that crosses to the extension host. */
export type TimelineAnswers = {
  [Q in TimelineQuery]: (parameters: QueryParameters<Q>) => QueryAnswer<Q> | Promise<QueryAnswer<Q>>;
};

/** Reads a payload that is kept beside its run's journal; rejects where it is gone. */
export type ReadBlob = (runId: string, sha256: string) => Promise<string>;

const RUNS = 'SELECT ordinal, run_id FROM runs';
const runRow = v.tuple([v.number(), v.string()]);
type RunRow = v.InferOutput<typeof runRow>;
const keyRow = v.tuple([v.string(), v.number(), v.number()]);
const conversationRow = v.pipe(
  v.tuple([v.string(), v.string(), v.string(), v.string(), v.nullable(v.string())]),
  v.transform(([runId, role, content, timestamp, blob]) => ({ runId, role, content, timestamp, blob })),
);
const dataColumn = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown()));
const foundRow = v.pipe(
  v.tuple([v.picklist(EVENT_KINDS), v.pipe(v.string(), v.parseJson(), v.array(v.number()))]),
  v.transform(([kind, seqs]) => ({ kind, seqs })),
);
const facetRow = v.pipe(
  v.tuple([v.string(), v.number()]),
  v.transform(([name, count]) => ({ name, count })),
);
const densityRow = v.pipe(
  v.tuple([v.number(), v.picklist(EVENT_KINDS), v.number()]),
  v.transform(([stretch, kind, count]) => ({ stretch, kind, count })),
);

const pauseRow = v.pipe(
  v.tuple([v.number(), v.number()]),
  v.transform(([fromMs, toMs]) => ({ fromMs, toMs })),
);

const fourNumbers = v.tuple([v.number(), v.number(), v.number(), v.number()]);
const contextRow = v.pipe(
  v.tuple([v.pipe(v.string(), v.parseJson(), contextUseSchema)]),
  v.transform(([context]) => context),
);
const lastRow = v.pipe(
  v.tuple([v.picklist(EVENT_KINDS), v.number(), v.string(), v.number(), v.pipe(v.string(), v.parseJson())]),
  v.transform(([kind, seq, timestamp, , data]) => ({ seq, timestamp, draft: parseDraft(kind, data) })),
);

/** The rows as one JSON text. No part needs an escape: `data` is JSON, the rest has neither quotes nor backslashes. */
function pageOf(rows: string): string {
  return `SELECT '[' || ifnull(group_concat('[' || id || ',"' || timestamp || '","' || kind || '",' || data || ']'), '') || ']'
    FROM (SELECT id, timestamp, kind, data FROM session_events WHERE ${rows})`;
}

const RUN_PAGE = pageOf(`id > ?1 AND id < ?2
  AND (?3 IS NULL OR kind IN (SELECT value FROM json_each(?3)))
  ORDER BY id LIMIT ?4`);

const PAGE = pageOf(`session_id = ?1 AND (timestamp, seq, id) > (?2, ?3, ?4)
  AND (?5 IS NULL OR kind IN (SELECT value FROM json_each(?5)))
  ORDER BY timestamp, seq, id LIMIT ?6`);

/** Session, run, first and last `seq` of what a query looks at. */
const IS_IN_PART = 'session_id = ?1 AND run_id = ?2 AND seq BETWEEN ?3 AND ?4';

const HAS_FAILED = `(kind = 'error'
  OR (kind = 'tool.result' AND json_extract(data, '$.status') <> 'ok')
  OR (kind = 'turn.ended' AND json_extract(data, '$.failed'))
  OR (kind = 'run.exited' AND json_extract(data, '$.outcome') <> 'completed'))`;

// LIKE looks at the JSON as it is stored, which is quick; only what passes it is taken apart.
const HAS_TEXT = `((?7 = '' OR data LIKE ?7 ESCAPE '\\') AND has_text(data))`;

const FIND = `
  WITH calls AS (
    SELECT json_extract(data, '$.callId') FROM session_events
    WHERE session_id = ?1 AND run_id = ?2 AND seq BETWEEN ?3 - ${MAX_EVENTS_PER_QUERY} AND ?4 AND kind = 'tool.call'
    AND (?8 = '' OR json_extract(data, '$.name') = ?8)
    AND (?9 = 0 OR EXISTS (
      SELECT 1 FROM json_each(data, '$.locations') WHERE has_file(json_extract(value, '$.path')))))
  SELECT kind, json_group_array(seq) FROM session_events
  WHERE ${IS_IN_PART} AND (?5 = 0 OR ${HAS_FAILED}) AND (?6 = 0 OR ${HAS_TEXT})
  AND ((?8 = '' AND ?9 = 0)
    OR (kind IN ('tool.call', 'tool.result', 'permission.request') AND json_extract(data, '$.callId') IN calls)
    OR (kind = 'permission.request' AND ?9 = 0 AND json_extract(data, '$.toolName') = ?8)
    OR (kind = 'file.change'
      AND (?9 = 0 OR has_file(json_extract(data, '$.path')))
      AND (?8 = '' OR json_extract(data, '$.callId') IN calls)))
  GROUP BY kind`;

const MOST_FREQUENT = `GROUP BY name ORDER BY count(*) DESC, name LIMIT ${MAX_FACETS}`;

const TOOLS = `
  SELECT json_extract(data, '$.name') AS name, count(*) FROM session_events
  WHERE ${IS_IN_PART} AND kind = 'tool.call' ${MOST_FREQUENT}`;

const FILES = `
  SELECT name, count(*) FROM (
    SELECT json_extract(data, '$.path') AS name FROM session_events WHERE ${IS_IN_PART} AND kind = 'file.change'
    UNION ALL
    SELECT json_extract(value, '$.path') FROM session_events, json_each(data, '$.locations')
    WHERE ${IS_IN_PART} AND kind = 'tool.call'
  ) ${MOST_FREQUENT}`;

const DENSITY = `
  SELECT CAST(MAX(0, round(unixepoch(timestamp, 'subsec') * 1000) - ?5) / ?6 AS INTEGER) AS stretch, kind, count(*)
  FROM session_events WHERE ${IS_IN_PART} GROUP BY stretch, kind`;

const PAUSES = `
  SELECT fromMs, toMs FROM (
    SELECT lag(ms) OVER (ORDER BY seq) AS fromMs, ms AS toMs FROM (
      SELECT seq, round(unixepoch(timestamp, 'subsec') * 1000) AS ms FROM session_events WHERE ${IS_IN_PART}))
  WHERE toMs - fromMs >= ?5 ORDER BY toMs - fromMs DESC, toMs LIMIT ${MAX_PAUSES}`;

const SUM_OF = (field: string): string => `total(json_extract(data, '$.${field}'))`;
const USAGE = `
  SELECT ${SUM_OF('inputTokens')}, ${SUM_OF('outputTokens')}, ${SUM_OF('cachedTokens')}, ${SUM_OF('costUsd')}
  FROM session_events WHERE ${IS_IN_PART} AND kind = 'usage'`;

/** Few events tell of the context window, and all of those are small. */
const CONTEXT = `
  SELECT json_extract(data, '$.context') FROM session_events
  WHERE ${IS_IN_PART} AND kind = 'usage' AND json_extract(data, '$.context') IS NOT NULL ORDER BY seq DESC LIMIT 1`;

/** The last event of each kind, and how many of it there are. */
const LAST_OF_KINDS = `
  SELECT kind, max(seq), timestamp, count(*), data FROM session_events
  WHERE ${IS_IN_PART} AND kind IN ('agent.session', 'run.exited', 'snapshot', 'status') GROUP BY kind`;

const COUNTS = `
  SELECT count(*) FILTER (WHERE kind = 'permission.request') - count(*) FILTER (WHERE kind = 'permission.answer'),
    count(*) FILTER (WHERE kind = 'file.change' AND seq > ?5), 0, 0
  FROM session_events WHERE ${IS_IN_PART} AND kind IN ('permission.request', 'permission.answer', 'file.change')`;

const CONVERSATION = `
  SELECT c.run_id, c.role, c.content, c.timestamp, json_extract(e.data, '$.blobs."/text".sha256')
  FROM conversation_history c JOIN session_events e USING (id)
  WHERE c.session_id = ? ORDER BY c.timestamp, c.seq, c.id`;

/** Matches whatever holds `text`, each character as itself. */
function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/** Reads what `Timeline` wrote. */
export class TimelineReader implements TimelineAnswers {
  readonly #connection: Connection;
  readonly #sessionId: string;
  readonly #readBlob: ReadBlob;

  constructor(connection: Connection, sessionId: string, readBlob: ReadBlob) {
    this.#connection = connection;
    this.#sessionId = sessionId;
    this.#readBlob = readBlob;
  }

  history({ runId, afterId, kinds, limit }: QueryParameters<'history'>): QueryAnswer<'history'> {
    const listedKinds = kinds === undefined ? null : JSON.stringify(kinds);
    const [timestamp, seq, id] = afterId === undefined ? ['', 0, 0] : this.#keyOf(afterId);
    const runs = this.#connection.rows(RUNS, runRow);
    // Time never runs backwards in a run, so its order by `seq` is the same and needs no look-up for each row.
    const only = runs.length === 1 ? runs[0]?.[1] : undefined;
    return runId === undefined && only === undefined
      ? this.#answer(runs, PAGE, this.#sessionId, timestamp, seq, id, listedKinds, limit)
      : this.#runPage(runs, runId ?? only, seq, listedKinds, limit);
  }

  runEvents({ runId, fromSeq, limit }: QueryParameters<'runEvents'>): QueryAnswer<'runEvents'> {
    return this.#runPage(this.#connection.rows(RUNS, runRow), runId, fromSeq - 1, null, limit);
  }

  findEvents(query: QueryParameters<'findEvents'>): QueryAnswer<'findEvents'> {
    const { text, failed, tool, file, kinds } = query;
    const pattern = new SearchPattern(text);
    this.#connection.define('has_text', (data) => pattern.isInData(v.parse(dataColumn, data)));
    const wantedFile = searchable(file);
    this.#connection.define('has_file', (path) => searchable(path).includes(wantedFile));
    const found = this.#connection.rows(
      FIND,
      foundRow,
      ...this.#part(query),
      failed ? 1 : 0,
      text === '' ? 0 : 1,
      pattern.plainPart === '' ? '' : likePattern(pattern.plainPart),
      tool,
      file === '' ? 0 : 1,
    );
    const listed = found.filter(({ kind }) => kinds === undefined || kinds.includes(kind));
    return {
      seqs: listed.flatMap(({ seqs }) => seqs).sort((a, b) => a - b),
      counts: Object.fromEntries(found.map(({ kind, seqs }) => [kind, seqs.length])),
    };
  }

  facets(query: QueryParameters<'facets'>): QueryAnswer<'facets'> {
    const part = this.#part(query);
    return {
      tools: this.#connection.rows(TOOLS, facetRow, ...part),
      files: this.#connection.rows(FILES, facetRow, ...part),
    };
  }

  density(query: QueryParameters<'density'>): QueryAnswer<'density'> {
    return this.#connection.rows(DENSITY, densityRow, ...this.#part(query), query.startMs, query.stretchMs);
  }

  pauses(query: QueryParameters<'pauses'>): QueryAnswer<'pauses'> {
    return this.#connection.rows(PAUSES, pauseRow, ...this.#part(query), query.minimumMs);
  }

  moment(query: QueryParameters<'moment'>): QueryAnswer<'moment'> {
    const part = this.#part(query);
    const [sums] = this.#connection.rows(USAGE, fourNumbers, ...part);
    const [inputTokens = 0, outputTokens = 0, cachedTokens = 0, costUsd = 0] = sums ?? [];
    const facts: QueryAnswer<'moment'> = {
      usage: { inputTokens, outputTokens, cachedTokens, costUsd },
      stopping: false,
      questions: 0,
      edits: 0,
    };
    const [context] = this.#connection.rows(CONTEXT, contextRow, ...part);
    if (context !== undefined) facts.context = context;
    for (const { seq, timestamp, draft } of this.#connection.rows(LAST_OF_KINDS, lastRow, ...part)) {
      if (draft?.kind === 'agent.session' && draft.data.model !== undefined) facts.model = draft.data.model;
      if (draft?.kind === 'run.exited') facts.ended = draft.data.outcome;
      if (draft?.kind === 'status') facts.stopping = draft.data.to === 'stopping';
      if (draft?.kind !== 'snapshot') continue;
      const { commit, files, addedLines, removedLines } = draft.data;
      facts.snapshot = {
        seq,
        timestamp,
        commit,
        ...(files === undefined ? {} : { files }),
        ...(addedLines === undefined ? {} : { addedLines }),
        ...(removedLines === undefined ? {} : { removedLines }),
      };
    }
    const [counts] = this.#connection.rows(COUNTS, fourNumbers, ...part, facts.snapshot?.seq ?? 0);
    [facts.questions = 0, facts.edits = 0] = counts ?? [];
    return facts;
  }

  async conversation(): Promise<QueryAnswer<'conversation'>> {
    const rows = this.#connection.rows(CONVERSATION, conversationRow, this.#sessionId);
    return await Promise.all(
      rows.map(async ({ blob, content: preview, ...entry }) => {
        const whole = blob === null ? preview : await this.#readBlob(entry.runId, blob).catch(() => preview);
        return { ...entry, content: whole };
      }),
    );
  }

  /** Events of one run, which has one stretch of ids. */
  #runPage(
    runs: readonly RunRow[],
    runId: string | undefined,
    afterSeq: number,
    kinds: string | null,
    limit: number,
  ): QueryAnswer<'history'> {
    const run = runs.find(([, id]) => id === runId);
    if (run === undefined) return { sessionId: this.#sessionId, runs: [], rows: '[]' };
    const [ordinal] = run;
    return this.#answer([run], RUN_PAGE, eventId(ordinal, afterSeq), eventId(ordinal + 1, 0), kinds, limit);
  }

  #answer(runs: readonly RunRow[], sql: string, ...parameters: SqlValue[]): QueryAnswer<'history'> {
    const [rows = '[]'] = this.#connection.rows(sql, textColumn, ...parameters);
    return { sessionId: this.#sessionId, runs: [...runs], rows };
  }

  /** The parameters of `IS_IN_PART`. */
  #part({ runId, fromSeq, toSeq }: QueryParameters<'facets'>): [string, string, number, number] {
    return [this.#sessionId, runId, fromSeq, Math.min(toSeq, fromSeq + MAX_EVENTS_PER_QUERY - 1)];
  }

  /** What the event is ordered by. */
  #keyOf(id: number): v.InferOutput<typeof keyRow> {
    const [key] = this.#connection.rows('SELECT timestamp, seq, id FROM session_events WHERE id = ?', keyRow, id);
    if (key === undefined) throw new CorralError('INVALID_ARGUMENT', `There is no event with the id ${id}.`);
    return key;
  }
}

/** The events of one session, in the one order that every window and every rebuild shows. */
import { crc32 } from 'node:zlib';
import type { SqlValue } from 'sql.js';
import * as v from 'valibot';
import { CorralError } from '../errors';
import { EVENT_KINDS } from '../events';
import type { NumberedEvent } from '../events';
import { eventId } from '../ids';
import { FACET_LIMIT, FIND_LIMIT } from './storeIndex';
import type { DensityCount, DensityQuery, Facet, Facets, FindQuery, FoundEvents, HistoryQuery } from './storeIndex';
import type { Connection } from './connection';
import { textParameter } from './connection';

/** Events of a page, as they are in the JSON that a timeline answers with: id, run, seq, timestamp, kind, data. */
export const eventRowsSchema = v.array(
  v.tuple([v.number(), v.string(), v.number(), v.string(), v.string(), v.unknown()]),
);

/** `blob` names the whole content where `content` is a preview. */
export interface ConversationRow {
  runId: string;
  role: string;
  content: string;
  timestamp: string;
  blob: string | null;
}

const keyRow = v.tuple([v.string(), v.number(), v.number()]);
const textRow = v.pipe(
  v.tuple([v.string()]),
  v.transform(([text]) => text),
);
const conversationRow = v.pipe(
  v.tuple([v.string(), v.string(), v.string(), v.string(), v.nullable(v.string())]),
  v.transform(([runId, role, content, timestamp, blob]): ConversationRow => ({
    runId,
    role,
    content,
    timestamp,
    blob,
  })),
);
const numberRow = v.pipe(
  v.tuple([v.number()]),
  v.transform(([number]) => number),
);
const foundRow = v.pipe(
  v.tuple([v.picklist(EVENT_KINDS), v.pipe(v.string(), v.parseJson(), v.array(v.number()))]),
  v.transform(([kind, seqs]) => ({ kind, seqs })),
);
const facetRow = v.pipe(
  v.tuple([v.string(), v.number()]),
  v.transform(([name, count]): Facet => ({ name, count })),
);
const densityRow = v.pipe(
  v.tuple([v.number(), v.picklist(EVENT_KINDS), v.number()]),
  v.transform(([stretch, kind, count]): DensityCount => ({ stretch, kind, count })),
);
const FAILED = `(kind = 'error' OR (kind = 'tool.result' AND json_extract(data, '$.status') <> 'ok')
  OR (kind = 'turn.ended' AND json_extract(data, '$.failed')) OR (kind = 'run.exited' AND json_extract(data, '$.outcome') <> 'completed'))`;

/**
 * One text for a whole page: a row or a cell each would be made an object here, copied to the other thread and checked twice.
 * Nothing in it needs an escape: `data` is JSON, and the rest has neither quotes nor backslashes.
 */
function pageOf(rows: string): string {
  return `SELECT '[' || ifnull(group_concat('[' || id || ',"' || run_id || '",' || seq || ',"' || timestamp || '","' || kind || '",' || data || ']'), '') || ']'
    FROM (SELECT id, run_id, seq, timestamp, kind, data FROM session_events WHERE ${rows})`;
}

const RUN_PAGE = pageOf(
  `session_id = ? AND run_id = ? AND seq > ? AND (?4 IS NULL OR kind IN (SELECT value FROM json_each(?4))) ORDER BY seq LIMIT ?5`,
);
const PAGE =
  pageOf(`session_id = ? AND (timestamp, seq, id) > (?, ?, ?) AND (?5 IS NULL OR kind IN (SELECT value FROM json_each(?5)))
  ORDER BY timestamp, seq, id LIMIT ?6`);

/** Ordinals of people's runs stay far below; 2^21 of them fit into an event's id. */
const FALLBACK_ORDINALS = 2 ** 20;

/** The ordinal of a run whose own was lost with two damaged records, or is another run's: made from its id, so that it is the same everywhere. */
function fallbackOrdinal(runId: string): number {
  return FALLBACK_ORDINALS + (crc32(runId) % FALLBACK_ORDINALS);
}

/** Anything that holds `text`. */
function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/** What saves is part of a transaction, unless it says otherwise. */
export class Timeline {
  readonly sessionId: string;
  readonly #connection: Connection;

  constructor(connection: Connection, sessionId: string) {
    this.#connection = connection;
    this.sessionId = sessionId;
  }

  /** Takes everything out again; a transaction of its own. */
  clear(): void {
    this.#connection.transaction(() => {
      for (const table of ['conversation_history', 'session_events', 'sources', 'runs', 'session'])
        this.#connection.run(`DELETE FROM ${table}`);
    });
  }

  saveSession(): void {
    this.#connection.run('INSERT INTO session (id) VALUES (?) ON CONFLICT DO NOTHING', this.sessionId);
  }

  /** The run's ordinal: the one it has, else `ordinal` where that is known and free. */
  saveRun(runId: string, ordinal: number | undefined): number {
    const [known] = this.#connection.rows('SELECT ordinal FROM runs WHERE run_id = ?', numberRow, runId);
    if (known !== undefined) return known;
    const isFree =
      ordinal !== undefined &&
      this.#connection.rows('SELECT ordinal FROM runs WHERE ordinal = ?', numberRow, ordinal).length === 0;
    const saved = isFree ? ordinal : fallbackOrdinal(runId);
    this.#connection.run(
      'INSERT INTO runs (session_id, run_id, ordinal) VALUES (?, ?, ?)',
      this.sessionId,
      runId,
      saved,
    );
    return saved;
  }

  /** Stores the event, and what a person or the agent said also as conversation. One that is there already is left as it is. */
  saveEvent(runId: string, ordinal: number, event: NumberedEvent): void {
    const { seq, timestamp, draft } = event;
    const id = eventId(ordinal, seq);
    this.#connection.run(
      'INSERT INTO session_events (session_id, run_id, seq, id, timestamp, kind, data) VALUES (?, ?, ?, ?, ?, ?, CAST(? AS TEXT)) ON CONFLICT DO NOTHING',
      this.sessionId,
      runId,
      seq,
      id,
      timestamp,
      draft.kind,
      textParameter(JSON.stringify(draft.data)),
    );
    if (draft.kind !== 'message' || draft.data.role === 'system') return;
    this.#connection.run(
      'INSERT INTO conversation_history (session_id, run_id, seq, id, timestamp, role, content) VALUES (?, ?, ?, ?, ?, ?, CAST(? AS TEXT)) ON CONFLICT DO NOTHING',
      this.sessionId,
      runId,
      seq,
      id,
      timestamp,
      draft.data.role,
      textParameter(draft.data.text),
    );
  }

  /** A page in order of (timestamp, seq, id), as JSON of `eventRowsSchema`. Throws INVALID_ARGUMENT for a key that is no event's. */
  history(query: HistoryQuery): string {
    const { runId, afterId, limit } = query;
    const kinds = query.kinds === undefined ? null : JSON.stringify(query.kinds);
    const [timestamp, seq, id] = afterId === undefined ? ['', 0, 0] : this.#keyOf(afterId);
    // Time never runs backwards in a run, so its order by `seq` is the same and needs no search.
    if (runId !== undefined) return this.#page(RUN_PAGE, this.sessionId, runId, seq, kinds, limit);
    return this.#page(PAGE, this.sessionId, timestamp, seq, id, kinds, limit);
  }

  /** As `history`, from one number of a run on. */
  runEvents(runId: string, fromSeq: number, limit: number): string {
    return this.#page(RUN_PAGE, this.sessionId, runId, fromSeq - 1, null, limit);
  }

  /** What is found in a part of a run; see `FindQuery`. */
  find({ runId, fromSeq, toSeq, text, failed, tool = '', file = '', kinds }: FindQuery): FoundEvents {
    // The first LIKE looks at the JSON as it is stored, which is quick; only what passes it is taken apart.
    const found = this.#connection.rows(
      `WITH calls AS (SELECT json_extract(data, '$.callId') FROM session_events
         WHERE session_id = ?1 AND run_id = ?2 AND seq BETWEEN ?3 - ${FIND_LIMIT} AND ?4 AND kind = 'tool.call'
         AND (?8 = '' OR json_extract(data, '$.name') = ?8)
         AND (?9 = '' OR EXISTS (SELECT 1 FROM json_each(data, '$.locations') WHERE json_extract(value, '$.path') LIKE ?9 ESCAPE '\\')))
       SELECT kind, json_group_array(seq) FROM session_events WHERE session_id = ?1 AND run_id = ?2 AND seq BETWEEN ?3 AND ?4
       AND (?5 = 0 OR ${FAILED})
       AND (?6 = '' OR (data LIKE ?6 ESCAPE '\\' AND EXISTS (SELECT 1 FROM json_tree(data) WHERE type = 'text' AND atom LIKE ?7 ESCAPE '\\')))
       AND ((?8 = '' AND ?9 = '')
         OR (kind IN ('tool.call', 'tool.result', 'permission.request') AND json_extract(data, '$.callId') IN calls)
         OR (kind = 'permission.request' AND ?9 = '' AND json_extract(data, '$.toolName') = ?8)
         OR (kind = 'file.change' AND (?9 = '' OR json_extract(data, '$.path') LIKE ?9 ESCAPE '\\') AND (?8 = '' OR json_extract(data, '$.callId') IN calls)))
       GROUP BY kind`,
      foundRow,
      this.sessionId,
      runId,
      fromSeq,
      Math.min(toSeq, fromSeq + FIND_LIMIT - 1),
      failed ? 1 : 0,
      text === '' ? '' : likePattern(JSON.stringify(text).slice(1, -1)),
      likePattern(text),
      tool,
      file === '' ? '' : likePattern(file),
    );
    const listed = found.filter(({ kind }) => kinds === undefined || kinds.includes(kind));
    return {
      seqs: listed.flatMap(({ seqs }) => seqs).sort((a, b) => a - b),
      counts: Object.fromEntries(found.map(({ kind, seqs }) => [kind, seqs.length])),
    };
  }

  /** The most used tools and files of a part of a run. */
  facets(runId: string, fromSeq: number, toSeq: number): Facets {
    const part = [this.sessionId, runId, fromSeq, Math.min(toSeq, fromSeq + FIND_LIMIT - 1)] as const;
    const isInPart = 'session_id = ?1 AND run_id = ?2 AND seq BETWEEN ?3 AND ?4';
    const most = `GROUP BY name ORDER BY count(*) DESC, name LIMIT ${FACET_LIMIT}`;
    return {
      tools: this.#connection.rows(
        `SELECT json_extract(data, '$.name') AS name, count(*) FROM session_events WHERE ${isInPart} AND kind = 'tool.call' ${most}`,
        facetRow,
        ...part,
      ),
      files: this.#connection.rows(
        `SELECT name, count(*) FROM (
           SELECT json_extract(data, '$.path') AS name FROM session_events WHERE ${isInPart} AND kind = 'file.change'
           UNION ALL SELECT json_extract(value, '$.path') FROM session_events, json_each(data, '$.locations') WHERE ${isInPart} AND kind = 'tool.call'
         ) ${most}`,
        facetRow,
        ...part,
      ),
    };
  }

  /** How many events of each kind there are in each stretch of time of a part of a run; see `DensityQuery`. */
  density({ runId, fromSeq, toSeq, startMs, stretchMs }: DensityQuery): DensityCount[] {
    return this.#connection.rows(
      `SELECT CAST(MAX(0, round(unixepoch(timestamp, 'subsec') * 1000) - ?1) / ?2 AS INTEGER) AS stretch, kind, count(*)
       FROM session_events WHERE session_id = ?3 AND run_id = ?4 AND seq BETWEEN ?5 AND ?6 GROUP BY stretch, kind`,
      densityRow,
      startMs,
      stretchMs,
      this.sessionId,
      runId,
      fromSeq,
      Math.min(toSeq, fromSeq + FIND_LIMIT - 1),
    );
  }

  conversation(): ConversationRow[] {
    return this.#connection.rows(
      `SELECT c.run_id, c.role, c.content, c.timestamp, json_extract(e.data, '$.blobs."/text".sha256')
       FROM conversation_history c CROSS JOIN session_events e ON e.id = c.id WHERE c.session_id = ? ORDER BY c.timestamp, c.seq, c.id`,
      conversationRow,
      this.sessionId,
    );
  }

  #page(sql: string, ...parameters: SqlValue[]): string {
    return this.#connection.rows(sql, textRow, ...parameters)[0] ?? '[]';
  }

  /** What the event is ordered by. */
  #keyOf(id: number): v.InferOutput<typeof keyRow> {
    const [key] = this.#connection.rows('SELECT timestamp, seq, id FROM session_events WHERE id = ?', keyRow, id);
    if (key === undefined)
      throw new CorralError(
        'INVALID_ARGUMENT',
        'This page of the history does not exist any more. Read it from the start.',
      );
    return key;
  }
}

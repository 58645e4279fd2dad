/** The catalog: each session in a few rows, from which the list of sessions is painted. */
import * as v from 'valibot';
import type { SessionFacts } from '../sessionFacts';
import type { DoorbellPosition, SessionKey } from './storeIndex';
import { currentRun, restorationOf, runState, failureReason, sessionState, workingAgent } from '../sessionState';
import { sessionFactsSchema } from '../sessionFacts';
import { textColumn } from './connection';
import type { Connection } from './connection';

export interface AgentSession {
  nativeSessionId: string;
  backendType: string;
}

/** Sessions as columns. `facts` is one JSON text with the facts of each, which `parseFacts` checks. */
export interface FactsPage {
  sessionIds: string[];
  facts: string;
  /** Where the next page begins; undefined after the last one. */
  next?: SessionKey;
}

const UNFINISHED = `state IN ('queued', 'starting', 'running', 'waiting', 'stopping')`;
const NEWEST_FIRST = 'ORDER BY created_at DESC, id DESC';
/** Later than any session. */
const END: SessionKey = { createdAt: '~', sessionId: '' };

const factsColumn = v.pipe(v.string(), v.parseJson(), v.array(v.unknown()));
const listedRow = v.tuple([v.string(), v.string(), v.string()]);
const doorbellRow = v.pipe(
  v.tuple([v.string(), v.number()]),
  v.transform(([head, offset]): DoorbellPosition => ({ head, offset })),
);
const agentSessionRow = v.pipe(
  v.tuple([v.string(), v.string()]),
  v.transform(([nativeSessionId, backendType]): AgentSession => ({ nativeSessionId, backendType })),
);

export class Catalog {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The next sessions, newest first. The first page also has older ones that have not ended. */
  list(after: SessionKey | undefined, limit: number): FactsPage {
    const { createdAt, sessionId } = after ?? END;
    const page = this.#connection.rows(
      `SELECT id, created_at, facts FROM sessions WHERE (created_at, id) < (?, ?) ${NEWEST_FIRST} LIMIT ?`,
      listedRow,
      createdAt,
      sessionId,
      limit,
    );
    const last = page.length < limit ? undefined : page.at(-1);
    const unfinished =
      after !== undefined || last === undefined
        ? []
        : this.#connection.rows(
            `SELECT id, created_at, facts FROM sessions WHERE ${UNFINISHED} AND (created_at, id) < (?, ?) ${NEWEST_FIRST} LIMIT ?`,
            listedRow,
            last[1],
            last[0],
            limit,
          );
    const rows = [...page, ...unfinished];
    return {
      sessionIds: rows.map(([id]) => id),
      facts: `[${rows.map(([, , facts]) => facts).join(',')}]`,
      ...(last === undefined ? {} : { next: { createdAt: last[1], sessionId: last[0] } }),
    };
  }

  /** Up to where the doorbell was heard when all that it told of was indexed. */
  doorbell(): DoorbellPosition | undefined {
    return this.#connection.rows('SELECT head, offset FROM doorbell', doorbellRow)[0];
  }

  saveDoorbell({ head, offset }: DoorbellPosition): void {
    this.#connection.transaction(() =>
      this.#connection.run(
        `INSERT INTO doorbell (id, head, offset) VALUES (1, ?, ?)
         ON CONFLICT (id) DO UPDATE SET head = excluded.head, offset = excluded.offset`,
        head,
        offset,
      ),
    );
  }

  sessionIds(): string[] {
    return this.#connection.rows('SELECT id FROM sessions', textColumn);
  }

  /** The session's facts as last indexed; undefined where there are none that can be read. */
  facts(sessionId: string): SessionFacts | undefined {
    const [facts] = this.#connection.rows('SELECT facts FROM sessions WHERE id = ?', textColumn, sessionId);
    return facts === undefined ? undefined : parseFacts(facts);
  }

  /** Saves the session, its runs that changed, and its agent's session. Belongs into a transaction. */
  save(facts: SessionFacts, changedRunIds: ReadonlySet<string>): void {
    const run = currentRun(facts);
    const working = workingAgent(facts);
    const restoration = run === undefined ? undefined : restorationOf(run);
    this.#connection.run(
      `INSERT INTO sessions (id, title, prompt, agent, repository, worktree_path, base_commit, state, failure_reason, last_activity_at, created_at,
         archived, restored, restored_at, recovery_hint, facts)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET title = excluded.title, prompt = excluded.prompt, agent = excluded.agent, repository = excluded.repository,
         worktree_path = excluded.worktree_path, base_commit = excluded.base_commit, state = excluded.state, failure_reason = excluded.failure_reason,
         last_activity_at = excluded.last_activity_at, created_at = excluded.created_at, archived = excluded.archived, restored = excluded.restored,
         restored_at = excluded.restored_at, recovery_hint = excluded.recovery_hint, facts = excluded.facts`,
      facts.sessionId,
      facts.title,
      facts.prompt,
      working.name,
      facts.repository,
      facts.worktreePath,
      facts.baseCommit,
      sessionState(facts),
      failureReason(facts) ?? null,
      facts.lastActivityAt,
      facts.createdAt,
      Number(facts.archived),
      Number(restoration !== undefined),
      restoration?.restoredAt ?? null,
      restoration?.recoveryHint ?? null,
      JSON.stringify(v.parse(sessionFactsSchema, facts)),
    );
    for (const changed of facts.runs.filter(({ runId }) => changedRunIds.has(runId))) {
      this.#connection.run(
        `INSERT INTO runs (session_id, run_id, ordinal, state, started_at, ended_at, event_count) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (session_id, run_id) DO UPDATE SET ordinal = excluded.ordinal, state = excluded.state, started_at = excluded.started_at,
           ended_at = excluded.ended_at, event_count = excluded.event_count`,
        facts.sessionId,
        changed.runId,
        changed.ordinal,
        runState(changed),
        changed.startedAt ?? null,
        changed.endedAt ?? null,
        changed.eventCount,
      );
    }
    if (facts.dependsOn !== undefined) this.#saveDependencies(facts.sessionId, facts.dependsOn);
    const known = working.runs.findLast(({ nativeSessionId }) => nativeSessionId !== undefined);
    if (known === undefined) this.#connection.run('DELETE FROM agent_sessions WHERE session_id = ?', facts.sessionId);
    if (known?.nativeSessionId !== undefined) {
      this.saveAgentSession(facts.sessionId, {
        nativeSessionId: known.nativeSessionId,
        backendType: known.backendType ?? '',
      });
    }
  }

  #saveDependencies(sessionId: string, dependsOn: readonly string[]): void {
    this.#connection.run('DELETE FROM session_dependencies WHERE session_id = ?', sessionId);
    for (const id of new Set(dependsOn)) {
      this.#connection.run('INSERT INTO session_dependencies (session_id, depends_on) VALUES (?, ?)', sessionId, id);
    }
  }

  /** Throws where there is no such session. */
  saveAgentSession(sessionId: string, agentSession: AgentSession): void {
    this.#connection.run(
      `INSERT INTO agent_sessions (session_id, native_session_id, backend_type) VALUES (?, ?, ?)
       ON CONFLICT (session_id) DO UPDATE SET native_session_id = excluded.native_session_id, backend_type = excluded.backend_type`,
      sessionId,
      agentSession.nativeSessionId,
      agentSession.backendType,
    );
  }

  agentSession(sessionId: string): AgentSession | undefined {
    return this.#connection.rows(
      'SELECT native_session_id, backend_type FROM agent_sessions WHERE session_id = ?',
      agentSessionRow,
      sessionId,
    )[0];
  }

  /** Removes the session, and how far its journals were read. */
  erase(sessionId: string): void {
    this.#connection.transaction(() => this.#connection.run('DELETE FROM sessions WHERE id = ?', sessionId));
  }
}

/** Undefined for the facts of another version: their session is indexed again. */
export function parseFacts(text: string): SessionFacts | undefined {
  try {
    return checkFacts(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function checkFacts(facts: unknown): SessionFacts | undefined {
  const checked = v.safeParse(sessionFactsSchema, facts);
  return checked.success ? checked.output : undefined;
}

/** The sessions of a page, and the ids of those with facts of another version. */
export function parsePage({ sessionIds, facts }: FactsPage): { sessions: SessionFacts[]; outdatedIds: string[] } {
  const sessions = v.parse(factsColumn, facts).flatMap((each) => checkFacts(each) ?? []);
  const read = new Set(sessions.map(({ sessionId }) => sessionId));
  return { sessions, outdatedIds: sessionIds.filter((id) => !read.has(id)) };
}

/** The catalog: each session in a few rows, from which the list of sessions is painted. */
import * as v from 'valibot';
import type { SessionFacts } from '../sessionFacts';
import { currentRun, restorationOf, runState, failureReason, sessionState } from '../sessionState';
import { sessionFactsSchema } from '../sessionFacts';
import { textColumn } from './connection';
import type { Connection } from './connection';

export interface AgentSession {
  nativeSessionId: string;
  backendType: string;
}

/** `facts` is JSON, which `parseFacts` reads. */
export const factsRowSchema = v.object({ sessionId: v.string(), facts: v.string() });
export type FactsRow = v.InferOutput<typeof factsRowSchema>;

const factsRow = v.pipe(
  v.tuple([v.string(), v.string()]),
  v.transform(([sessionId, facts]): FactsRow => ({ sessionId, facts })),
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

  /** Facts of the sessions after `afterId` in order of id, as JSON. */
  list(afterId: string, limit: number): FactsRow[] {
    return this.#connection.rows(
      'SELECT id, facts FROM sessions WHERE id > ? ORDER BY id LIMIT ?',
      factsRow,
      afterId,
      limit,
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
      facts.agent,
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
    const known = facts.runs.findLast(({ nativeSessionId }) => nativeSessionId !== undefined);
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
    return v.parse(sessionFactsSchema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

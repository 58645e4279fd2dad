import type { RunFacts } from '../../storage/sessionFacts';

/** The runs of sessions, as far as a change of a worktree needs them. */
export interface SessionRuns {
  /** Connects to the session's host, where it works on another one. @throws HOST_… where that is not possible now */
  reach(sessionId: string): Promise<void>;
  /** The session's open run, once its fate is known. */
  openRun(sessionId: string): Promise<RunFacts | undefined>;
  stop(sessionId: string): Promise<void>;
  /** Has the session's run end once its host is back. */
  stopLater(sessionId: string): Promise<void>;
  /** Runs the teardown command in the session's worktree. */
  tearDown(sessionId: string): Promise<void>;
}

/** What Corral offers to other extensions: `activate()` returns a `CorralApi`. `Supervisor` offers the same without VS Code. */
import type { Disposable, Event } from '../common/disposable';
import type { PermissionOption, RunOutcome, RunState, SessionEvent } from '../storage/events';
import type { PermissionMode } from '../storage/sessionRecords';
import type { UsageTotals } from '../storage/sessionFacts';
import type { AppendedRange } from '../storage/database/storeIndex';
import type { ConversationEntry } from '../storage/timelineQueries';

export type { Disposable, Event };

/** The four words that people see, and no others. */
export type SessionStatus = 'Starting' | 'Running' | 'Completed' | 'Failed';

export interface SessionRequest {
  /** A folder in the repository: an absolute path or a `file:` URI. */
  repository: string;
  prompt: string;
  agent: string;
  title?: string;
  /** Any revision; `HEAD` where absent. `refs/corral/<id>` of a session in `dependsOn` is its last snapshot at the moment when this one starts. */
  base?: string;
  /** Bring along what is not committed in the folder. Only from `HEAD`. */
  includeChanges?: boolean;
  /** Program and arguments, only for the agent `command`. */
  argv?: string[];
  /** Ids of sessions that have to complete before this one starts. */
  dependsOn?: string[];
  /** Sessions that are to be compared have the same one: any text, or an id that nobody is shown. */
  group?: string;
  permissionMode?: PermissionMode;
  model?: string;
}

export interface PermissionSummary {
  requestId: string;
  title: string;
  options: PermissionOption[];
}

/** How a question is answered. Agents number their questions anew in each run: `runId` is the run that asked, so that a late answer meets no newer question. */
export interface PermissionAnswer {
  optionId: string;
  message?: string;
  runId?: string;
}

export interface RunSummary {
  runId: string;
  ordinal: number;
  state: RunState;
  eventCount: number;
  startedAt?: string;
  endedAt?: string;
  lastEventAt?: string;
  usage: UsageTotals;
}

/** Times are ISO 8601 UTC. Facts that are not so are absent, never null. */
export interface SessionSummary {
  id: string;
  title: string;
  prompt: string;
  agent: string;
  repository: string;
  worktreePath: string;
  /** '' while the session waits for the one that it starts from. */
  baseCommit: string;
  status: SessionStatus;
  state: RunState;
  /** When `state` was reached. */
  since: string;
  needsInput: boolean;
  restored: boolean;
  restoredAt?: string;
  /** What `resume` does: go on with the agent's own session, or, where the agent no longer knows it, start with what was said so far as its prompt. */
  recoveryHint?: 'resume' | 'restart';
  /** One line, no control characters, at most 200 characters. */
  failureReason?: string;
  createdAt: string;
  lastActivityAt: string;
  archived: boolean;
  group?: string;
  /** Records of its journals that cannot be read: they are skipped, never silently. */
  damagedRecords: number;
  /** The worktree was taken away by Delete Session; history stays until it is erased. */
  deleted: boolean;
  /** Since when a live runner has not answered. */
  unreachable?: string;
  /** Of a session that waits for its turn: 1 is the next to start. */
  queuePosition?: number;
  /** Why a session that waits does not start yet, in a few words; absent where it is just being started. */
  heldBy?: string;
  /** Sessions that had or have to complete before this one starts. */
  dependsOn?: string[];
  /** Nothing of the run can be written (a full disk): why, and since when. Its agent waits, and nothing is lost. */
  paused?: { reason: string; since: string; cause: 'diskFull' | 'notWritable' };
  /** The run's fate is not known yet (start-up). */
  checking: boolean;
  currentRunId?: string;
  nativeSessionId?: string;
  /** Over all runs: tokens, and USD where the agent tells it. */
  usage: UsageTotals;
  /** Against the base, as of the last snapshot of a run. */
  changes?: { files: number; addedLines: number; removedLines: number };
  /** Its work went into the checkout and was not taken back. */
  applied?: true;
  /** The branch that was made of its work last. */
  branch?: string;
  /** What the session's tools touched outside of its worktree, in a sentence. */
  escape?: string;
  runs: RunSummary[];
  pendingPermissions: PermissionSummary[];
}

export interface HistoryPage {
  events: SessionEvent[];
  /** Pass as `after` for the next page; absent on the last one. */
  next?: string;
}

/** What start-up found of the runs that were not known to have ended. */
export interface RecoveryReport {
  readopted: string[];
  endedWhileAway: string[];
  unreachable: string[];
  restored: string[];
  failed: string[];
}

export interface CorralApi {
  readonly version: 1;
  createSession(request: SessionRequest): Promise<SessionSummary>;
  listSessions(filter?: { repository?: string; archived?: boolean }): Promise<SessionSummary[]>;
  getSession(id: string): Promise<SessionSummary>;
  listSessionHistory(
    id: string,
    query?: { runId?: string; after?: string; limit?: number; kinds?: string[] },
  ): Promise<HistoryPage>;
  getConversation(id: string): Promise<ConversationEntry[]>;
  getAgentSession(id: string): Promise<{ nativeSessionId: string; backendType: string }>;
  sendMessage(id: string, text: string): Promise<void>;
  /** ALREADY_ANSWERED where `runId` is given and that run is not the current one any more. */
  answerPermission(id: string, requestId: string, answer: PermissionAnswer): Promise<void>;
  interrupt(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  kill(id: string): Promise<void>;
  resume(id: string, text?: string): Promise<void>;
  /** Starts a session that waits, whatever it waits for. CONFLICT where it does not wait; so for the two below. */
  startNow(id: string): Promise<void>;
  /** Gives a session that waits another place; 1 is the next to start. */
  moveInQueue(id: string, position: number): Promise<void>;
  /** What a session that waits waits for. INVALID_ARGUMENT where sessions would wait for each other for ever. */
  setDependencies(id: string, dependsOn: string[]): Promise<void>;
  renameSession(id: string, title: string): Promise<void>;
  /** An archived session keeps its history and its work, but not its folder. Not while it runs. */
  archiveSession(id: string, archived: boolean): Promise<void>;
  deleteSession(id: string): Promise<void>;
  undoDelete(id: string): Promise<void>;
  /** Makes a worktree that is not in its place again, from the trash or from its last snapshot. */
  restoreWorktree(id: string): Promise<void>;
  /** Events with this text in whatever case, newest first, as they are found; end the loop to end the search. 1,000 at most unless `limit` says otherwise. */
  searchHistory(
    text: string,
    query?: { limit?: number; signal?: AbortSignal },
  ): AsyncIterable<{ sessionId: string; event: SessionEvent }>;
  /** Writes the session with all its events to the file `target`. */
  exportSession(id: string, format: 'jsonl' | 'markdown' | 'html', target: string): Promise<void>;
  /** Each event fires after its records are acknowledged. `sessionId`s of sessions whose summary changed. */
  readonly onDidChangeSessions: Event<{ sessionIds: string[] }>;
  readonly onDidStartRun: Event<{ sessionId: string; runId: string }>;
  /** A few times a second for each session that grows, and more often while a timeline of it is open. */
  readonly onDidAppendEvents: Event<{ sessionId: string; appended: AppendedRange[] }>;
  readonly onDidEndRun: Event<{ sessionId: string; runId: string; outcome: RunOutcome }>;
  readonly onDidCompleteRecovery: Event<RecoveryReport>;
}

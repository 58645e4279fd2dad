/** What `activate()` returns to other extensions. `Supervisor` offers the same without VS Code. */
import type { Disposable, Event } from '../common/disposable';
import type { BudgetLevel } from '../storage/budget';
import type { PermissionOption, RunOutcome, RunState, SessionEvent, UsageTotals } from '../storage/events';
import type { PermissionMode, Starter } from '../storage/sessionRecords';
import type { AgentOffers } from '../storage/agentOffers';
import type { Aside } from '../storage/asides';
import type { AttachmentReference } from '../storage/attachments';
import type { IssueReference } from '../storage/issueReference';
import type { AppendedRange } from '../storage/database/storeIndex';
import type { ConversationEntry } from '../storage/timelineQueries';
import type { DeleteOptions, FormerHost, HostsApi, SessionHost } from './hosts/hostsApi';

export type { AgentOffers, DeleteOptions, Disposable, Event, FormerHost, IssueReference, SessionHost };
export type { HostCheck, HostSpace, HostSummary, HostTestReport } from './hosts/hostsApi';

/** The only four words for a session's state that people see. */
export type SessionStatus = 'Starting' | 'Running' | 'Completed' | 'Failed';

/** A file or picture of a prompt or message, copied at once. `ATTACHMENT_LIMITS` says how many, and how large. */
export type Attachment =
  /** A file on this machine: an absolute path or a `file:` URI. */
  | { path: string; name?: string }
  | { name: string; mediaType?: string; bytes: Uint8Array }
  /** What is kept with another session. */
  | { sessionId: string; id: string };

/** An attachment as it is kept. `readAttachment` has its bytes. */
export type AttachmentSummary = Omit<AttachmentReference, 'sha256'>;

export interface SessionRequest {
  /**
   * A folder in the repository, in which the agent starts: an absolute path or a `file:` URI. The checkout around it is
   * where HEAD and uncommitted changes come from, and to which the work is applied.
   */
  repository: string;
  prompt: string;
  agent: string;
  title?: string;
  /** Any revision, or `HEAD`. `refs/corral/<id>` of a session in `dependsOn` is its last snapshot at the start. */
  base?: string;
  /** Copy the folder's uncommitted changes, too. Only from `HEAD`. */
  includeChanges?: boolean;
  /** Program and arguments. Only for the agent `command`. */
  argv?: string[];
  /** Ids of sessions that must complete before this one starts. */
  dependsOn?: string[];
  /** The same text for sessions that are compared with each other. People do not see it where it is an id. */
  group?: string;
  permissionMode?: PermissionMode;
  /** One of `agentOffers`, or any other name that the agent knows; the agent's own choice where absent. */
  model?: string;
  attachments?: Attachment[];
  /** For which it works: only told of the session, and closed by its pull request. */
  issue?: IssueReference;
  /** The name of an entry of `corral.hosts` on which it works; on this computer where absent. */
  host?: string;
  /** The agent that asks for it, where that is no person's own wish. */
  startedBy?: Starter;
}

export interface MessageOptions {
  attachments?: Attachment[];
}

/** An agent that can be chosen, whether it can be used now or not. */
export interface AgentSummary {
  name: string;
  /** One line. */
  description: string;
  /** Absent where the agent's entry in `corral.agents` is wrong. */
  driver?: string;
  /** Why it cannot be used, in a sentence; absent where it can. */
  problem?: string;
  /** `settings`: its entry in `corral.agents` is wrong. */
  problemCause?: 'notInstalled' | 'settings';
  /** Program and arguments that install it, where that is known. */
  installCommand?: string[];
  version?: string;
}

export interface PermissionSummary {
  requestId: string;
  /** On one line. Characters that cannot be seen are shown by signs, such as `⏎` for a line end. */
  title: string;
  /** True where the title, unchanged, is all that would be allowed; otherwise the request's `input` has the rest. */
  isWhole: boolean;
  options: PermissionOption[];
  /** The tool that asks, as the agent names it. */
  toolName?: string;
  /** What it would be called with; absent where that is larger than 8 KiB. */
  input?: unknown;
  /** The `optionId` of an answer with `answers` to the questions in `input`; it is none of `options`. */
  answerOption?: string;
}

/** The answer to a permission request. `runId` is the run that asked, since agents number requests anew in each run. */
export interface PermissionAnswer {
  optionId: string;
  /** Why it is denied, in words. The agent gets them with the answer or, where it cannot, as the next message. */
  message?: string;
  /** For each question what was chosen of its options' labels, or said in other words. Only with `answerOption`. */
  answers?: string[][];
  runId?: string;
}

export interface RunSummary {
  runId: string;
  /** The agent that worked in it. */
  agent: string;
  ordinal: number;
  state: RunState;
  eventCount: number;
  /** Turns that have begun in it. */
  turns: number;
  startedAt?: string;
  endedAt?: string;
  lastEventAt?: string;
  usage: UsageTotals;
}

/** Times are ISO 8601 UTC. What does not apply is absent, never null. */
export interface SessionSummary {
  id: string;
  title: string;
  prompt: string;
  /** What went with the prompt. */
  attachments?: AttachmentSummary[];
  /** The issue or pull request for which it works. */
  issue?: IssueReference;
  /** The agent that works on it now; `runs` name those before. */
  agent: string;
  permissionMode: PermissionMode;
  /** The model that its agent told, else the one that was chosen. */
  model?: string;
  /** Program and arguments of a session of the agent `command`. */
  argv?: string[];
  /** The main worktree of its repository; where that has none, the linked one from which it was started. */
  repository: string;
  /** The linked worktree from which it was started, and to which its work is applied. */
  checkout?: string;
  /** '' where it is on another host. */
  worktreePath: string;
  host?: SessionHost;
  /** Where the worktree is on its host: `corral-host://<name>/<path>`. Absent for one on this computer. */
  worktreeUri?: string;
  /** Where it worked before it went on here. */
  formerHost?: FormerHost;
  /** The folder of its worktree in which the agent starts, with `/`; absent for the top. */
  subfolder?: string;
  /** The first of ten ports of its own, where it works: `CORRAL_PORT` to its programs. */
  port?: number;
  /** Its repository is not where it was. It may have been moved, so nothing is lost. */
  repositoryMissing?: true;
  /** Uncommitted files that could not be copied into its worktree, in words. */
  notCopied?: string[];
  /** '' while the session waits for the session from whose work it starts. */
  baseCommit: string;
  status: SessionStatus;
  state: RunState;
  /** When `state` began. */
  since: string;
  needsInput: boolean;
  restored: boolean;
  restoredAt?: string;
  /** `resume` continues the agent's own session; `restart` begins a new one, with the conversation as its prompt. */
  recoveryHint?: 'resume' | 'restart';
  /** One line, no control characters, at most 200 characters. */
  failureReason?: string;
  createdAt: string;
  lastActivityAt: string;
  archived: boolean;
  group?: string;
  /** The number of records in its journals that cannot be read and are skipped. */
  damagedRecords: number;
  /** Delete Session removed the worktree; the history stays until it is erased. */
  deleted: boolean;
  /** Since when the runner, which may be alive, has not answered. */
  unreachable?: string;
  /** It has not answered for a minute: it gave up its place in the queue, and `markAsGone` ends it. */
  maybeGone?: true;
  /** Why some or all of what was recorded of it cannot be read, in one line; the rest is shown as it was read last. */
  unreadable?: string;
  /** Its position in the queue; 1 is the next to start. */
  queuePosition?: number;
  /** Why a queued session does not start yet, in a few words; absent where it is being started. */
  heldBy?: string;
  /** When a queued session goes on that met the usage limit of its agent's account; the time can be over by now. */
  waitsUntil?: string;
  /** It does not go on at that limit before a person says so: `waitForLimit`, `startNow`, `stop`, `handOver`. */
  asksAboutLimit?: true;
  /** The agent that started it; absent where a person did. */
  startedBy?: Starter;
  /** Ids of the sessions after which it starts or started. */
  dependsOn?: string[];
  /** Why nothing of the run can be written (a full disk), and since when. The agent waits, so that nothing is lost. */
  paused?: { reason: string; since: string; cause: 'diskFull' | 'notWritable' };
  /** Tasks of the agent that go on in the background, such as a command; absent where there are none. */
  backgroundTasks?: number;
  /** True until start-up knows the fate of its open run. */
  checking: boolean;
  currentRunId?: string;
  nativeSessionId?: string;
  /** Of all runs: tokens, and USD where the agent tells its cost. */
  usage: UsageTotals;
  /** How full the agent's context window was at its last request, and how much it holds, as far as it tells. */
  context?: { usedTokens: number; limitTokens?: number };
  /** A budget of which most is used, as of when that was told; of the day's only while the session runs. */
  budget?: BudgetLevel;
  /** Against the base, as of the last snapshot that a run took. */
  changes?: { files: number; addedLines: number; removedLines: number };
  /** Its work was applied to the checkout, and that was not undone. */
  applied?: true;
  /** The last branch that was made of its work. */
  branch?: string;
  /** What its tools touched outside its worktree, in a sentence. */
  escape?: string;
  runs: RunSummary[];
  pendingPermissions: PermissionSummary[];
}

export interface HistoryPage {
  events: SessionEvent[];
  /** Pass as `after` for the next page; absent on the last one. */
  next?: string;
}

/** What start-up found out about runs that were open: ids of their sessions. */
export interface RecoveryReport {
  readopted: string[];
  endedWhileAway: string[];
  unreachable: string[];
  restored: string[];
  failed: string[];
}

export interface CorralApi extends HostsApi {
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
  sendMessage(id: string, text: string, options?: MessageOptions): Promise<void>;
  /** The bytes of an attachment of this session. Throws ATTACHMENT_NOT_FOUND. */
  readAttachment(id: string, attachmentId: string): Promise<Uint8Array>;
  /** All agents, those that can be used first. Programs are started only to tell their version. */
  listAgents(): Promise<AgentSummary[]>;
  /** What the agent told of its models and commands when it last worked in this repository, else elsewhere. */
  agentOffers(agent: string, repository: string): Promise<AgentOffers>;
  /** @throws ALREADY_ANSWERED where `runId` is given and another run is current by now. */
  answerPermission(id: string, requestId: string, answer: PermissionAnswer): Promise<void>;
  interrupt(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  kill(id: string): Promise<void>;
  /** Ends a run, and frees locks, by a person's word. Throws CONFLICT unless they were silent for a minute. */
  markAsGone(id: string): Promise<void>;
  resume(id: string, text?: string): Promise<void>;
  /** Another agent goes on in the same worktree, from a new run on. It is told `prompt`, or else `handOverPrompt`. */
  handOver(id: string, request: { agent: string; model?: string; prompt?: string }): Promise<void>;
  handOverPrompt(id: string): Promise<string>;
  /** Asks its agent, or another, beside the work, in a process that changes nothing; `listAsides` has the answer. */
  askAside(id: string, question: string, options?: { agent?: string }): Promise<{ asideId: string }>;
  listAsides(id: string): Promise<Aside[]>;
  cancelAside(id: string, asideId: string): Promise<void>;
  /** Starts a queued session, whatever it waits for. This and the next three throw CONFLICT where it is not queued. */
  startNow(id: string): Promise<void>;
  waitForLimit(id: string): Promise<void>;
  /** Moves a queued session to another position; 1 is the next to start. */
  moveInQueue(id: string, position: number): Promise<void>;
  /** Sets the sessions after which a queued one starts. Throws INVALID_ARGUMENT for a circle. */
  setDependencies(id: string, dependsOn: string[]): Promise<void>;
  renameSession(id: string, title: string): Promise<void>;
  /** An archived session keeps its history and its work, but not its folder. Throws RUNNING while it runs. */
  archiveSession(id: string, archived: boolean): Promise<void>;
  deleteSession(id: string, options?: DeleteOptions): Promise<void>;
  undoDelete(id: string): Promise<void>;
  /** Restores a worktree that is missing or deleted, from the trash or from its last snapshot. */
  restoreWorktree(id: string): Promise<void>;
  /** Events that contain the text in any case, newest first, as they are found. `limit` is 1,000 where absent. */
  searchHistory(
    text: string,
    query?: { limit?: number; signal?: AbortSignal },
  ): AsyncIterable<{ sessionId: string; event: SessionEvent; aside?: true }>;
  /** Writes the session with all its events to the file `target`. */
  exportSession(id: string, format: 'jsonl' | 'markdown' | 'html', target: string): Promise<void>;
  /** Ids of sessions whose summary changed. Each event fires after its records were acknowledged. */
  readonly onDidChangeSessions: Event<{ sessionIds: string[] }>;
  readonly onDidStartRun: Event<{ sessionId: string; runId: string }>;
  /** A few times a second for each session that grows, and more often while its timeline is open. */
  readonly onDidAppendEvents: Event<{ sessionId: string; appended: AppendedRange[] }>;
  readonly onDidEndRun: Event<{ sessionId: string; runId: string; outcome: RunOutcome }>;
  readonly onDidCompleteRecovery: Event<RecoveryReport>;
}

/** The interface of a driver: what Corral knows about one agent's program, without processes and files. */
import type { ToldOffers } from '../../../storage/agentOffers';
import type { DraftEvent, RunOutcome, Usage } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';
import type { LinePattern } from './linePatterns';
import type { AgentAttachment } from './userMessages';

/** A server of the Model Context Protocol that the agent is to start: a program with its arguments and variables. */
export interface McpServerEntry {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
}

export interface AsideLaunch {
  /** Absolute path of the file that will hold the launch's `policy`. */
  policyFile: string;
}

export interface LaunchRequest {
  /** Absolute path of the agent's program. */
  program: string;
  /** Arguments from the settings; they come first. */
  programArguments: readonly string[];
  /** What people wrote, and the paths of the files that go with it. */
  prompt: string;
  /** Absolute path of the file that will hold the prompt, where the launch `usesPromptFile`. */
  promptFile: string;
  cwd: string;
  permissionMode: PermissionMode;
  model?: string;
  /** The native session id to resume. */
  resumes?: string;
  /** Present where the prompt is a question beside the work, which is answered without changing anything. */
  aside?: AsideLaunch;
  /** Corral's own tools for the agent; absent where it gets none. */
  mcpServer?: McpServerEntry;
}

export interface Launch {
  /** Program and arguments; `argv[0]` is the request's `program`. */
  argv: string[];
  /** Variables to add to the user's environment. */
  environment: Record<string, string>;
  /** True where `argv` contains the prompt, so that the conversation does not send it. */
  promptInArguments: boolean;
  /** The agent gets the request's `mcpServer`. */
  takesMcpServer?: true;
  /** The agent reads the prompt from `promptFile`, which has to exist before it starts. */
  usesPromptFile?: true;
  /** What the aside's `policyFile` has to hold before the agent starts. */
  policy?: string;
}

/** A request to continue a native session in a terminal. */
export interface TerminalRequest {
  program: string;
  /** As in `LaunchRequest`. */
  programArguments: readonly string[];
  nativeSessionId: string;
}

export interface ConversationRequest {
  prompt: string;
  /** The files that go with the prompt; none where absent. */
  attachments?: readonly AgentAttachment[] | undefined;
  /** As in `Launch`; false where absent. */
  promptInArguments?: boolean | undefined;
  /** For agents without a protocol: what their lines mean. */
  linePatterns?: readonly LinePattern[] | undefined;
  /** The program and the arguments that were started. */
  argv: readonly string[];
  cwd: string;
  /** Where the worktree begins, if `cwd` is a folder in it. */
  worktreePath?: string | undefined;
  permissionMode: PermissionMode;
  model?: string | undefined;
  resumes?: string | undefined;
  /**
   * Present for a question beside the work. Where `resumes` is there too, a copy of that session may answer it; any
   * other conversation gets the `prompt`, which tells what was said so far.
   */
  aside?: { question: string } | undefined;
  /** As in `LaunchRequest`, for agents that hear of it in the conversation. */
  mcpServer?: McpServerEntry | undefined;
}

/** What a conversation can do in its run. Implemented by the runner. */
export interface ConversationHost {
  /** Journals an event. The order of calls is the order of `seq`. */
  emit(event: DraftEvent): void;
  /** Writes to the agent's stdin; ignored once stdin is closed. */
  write(data: string): void;
  closeInput(): void;
  /** What the open turn has used so far, as far as the agent tells. Its `usage` event at the end has all of it. */
  usedInTurn(usage: Usage): void;
  /** Keeps what the agent tells of its models and commands, for people who write to it next. */
  offer(told: ToldOffers): void;
}

/** How the agent's process ended. */
export interface AgentExit {
  exitCode: number | null;
  signal: string | null;
  /** What a person asked for before the process ended. */
  asked: 'stop' | 'kill' | undefined;
  /** Set where the program could not be started at all. */
  spawnError?: string;
  /** The last lines of stderr, at most 2 KiB. */
  stderrTail: string;
}

/** What a person said beside the option. `answers` are there where the option is the request's `answerOption`. */
export interface SaidAnswer {
  message?: string | undefined;
  answers?: readonly (readonly string[])[] | undefined;
}

/** One run's conversation with its agent. It never throws: lines that it does not understand become `output` events. */
export interface Conversation {
  /** Called once, as soon as the agent is spawned. */
  start(): void;
  /** One line of the agent's output without its newline; bytes that are not UTF-8 are U+FFFD. */
  readLine(stream: 'stdout' | 'stderr', line: string): void;
  /** A follow-up message; only called while stdin is open. During a turn the agent or the driver queues it. */
  send(text: string, attachments?: readonly AgentAttachment[]): void;
  /** True while a message waits or has begun a turn: the runner then keeps stdin open when a turn ends. */
  hasQueued(): boolean;
  /** The agent keeps running when stdin is closed, so the runner must not wait for it to exit. */
  readonly ignoresEndOfInput?: true;
  /** After a turn neither the agent's own exit nor its work in the background is waited for. */
  readonly endsWithTurn?: true;
  /** How many tasks the agent has in the background, as far as it tells. They go on when its turn has ended. */
  readonly backgroundTasks?: number;
  /** Asks the agent to end its turn. False where it cannot be asked. */
  interrupt(): boolean;
  /** Sends a person's answer to the agent. The runner has journaled the answer before. */
  answerPermission(requestId: string, optionId: string, said?: SaidAnswer): void;
  /** The process has ended and all output was read: emits what is still held back and judges the run. */
  end(exit: AgentExit): { outcome: RunOutcome; reason: string };
}

export interface Driver {
  /** As in the catalog's `agent_sessions.backend_type`. */
  readonly backendType: string;
  /** The command line that starts or resumes the agent. */
  launch(request: LaunchRequest): Launch;
  createConversation(request: ConversationRequest, host: ConversationHost): Conversation;
  /**
   * How the program answers a question without being able to change anything: in a copy of the conversation (`fork`),
   * in a new one that is told it, or as the program says once it runs. Absent where it cannot.
   */
  asides?(argv: readonly string[]): 'fork' | 'transcript' | 'either' | undefined;
  /** The arguments that continue a session in a terminal; undefined where the agent cannot. */
  terminalArguments?(request: TerminalRequest): string[] | undefined;
}

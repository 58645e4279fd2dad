/** What a driver is: everything Corral knows about one agent's program, and nothing about processes or files. */
import type { DraftEvent, RunOutcome } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';
import type { LinePattern } from './linePatterns';

export interface LaunchRequest {
  /** Absolute path of the agent's program. */
  program: string;
  /** Arguments that the user configured; they come first. */
  programArguments: readonly string[];
  prompt: string;
  /** Absolute path of a file of this run that holds the prompt, where the launch `usesPromptFile`. */
  promptFile: string;
  cwd: string;
  permissionMode: PermissionMode;
  model?: string;
  /** The native session id to continue. */
  resumes?: string;
}

export interface Launch {
  /** Program and arguments; `argv[0]` is the request's `program`. */
  argv: string[];
  /** Variables to add to the user's environment. */
  environment: Record<string, string>;
  /** True where `argv` holds the prompt already: the conversation does not write it again. */
  promptInArguments: boolean;
  /** The agent reads the prompt from the request's `promptFile`, which has to be there before it starts. */
  usesPromptFile?: true;
}

/** Asks for what lets a person go on with a native session in a terminal of their own. */
export interface TerminalRequest {
  program: string;
  /** As in `LaunchRequest`. */
  programArguments: readonly string[];
  nativeSessionId: string;
}

export interface ConversationRequest {
  prompt: string;
  /** As in `Launch`; false where absent. */
  promptInArguments?: boolean | undefined;
  /** For agents without a protocol: what their lines mean. */
  linePatterns?: readonly LinePattern[] | undefined;
  /** What was started: program and arguments. */
  argv: readonly string[];
  cwd: string;
  permissionMode: PermissionMode;
  model?: string | undefined;
  resumes?: string | undefined;
}

/** How the driver's conversation reaches the world. All are calls into the runner. */
export interface ConversationHost {
  /** Journals an event. Order of calls is order of `seq`. */
  emit(event: DraftEvent): void;
  /** Writes to the agent's stdin; silently dropped once stdin is closed. */
  write(data: string): void;
  closeInput(): void;
}

/** How the agent's process ended, and what was asked of it before. */
export interface AgentExit {
  exitCode: number | null;
  signal: string | null;
  asked: 'stop' | 'kill' | undefined;
  /** Set where the program could not be started at all. */
  spawnError?: string;
  /** The last lines of stderr, at most 2 KiB. */
  stderrTail: string;
}

/** One run's talk with its agent. Never throws for anything the agent says: what is not understood becomes `output`. */
export interface Conversation {
  /** Called once, as soon as the agent is spawned. */
  start(): void;
  /** One line of the agent's output, without its newline, decoded as UTF-8 with U+FFFD for what is not. */
  readLine(stream: 'stdout' | 'stderr', line: string): void;
  /** A follow-up; only called while stdin is open. Queued by the agent or by the driver while a turn is under way. */
  send(text: string): void;
  /** True while a message waits for its turn, or has begun one: the runner then keeps the agent's input open at a turn's end. */
  hasQueued(): boolean;
  /** Set where the agent stays when its input is closed, so that waiting for it to go is in vain. */
  readonly ignoresEndOfInput?: true;
  /** Asks the agent to end its turn. False where the agent has no such thing. */
  interrupt(): boolean;
  /** Tells the agent a person's choice. The runner has journalled it already. */
  answerPermission(requestId: string, optionId: string, message: string | undefined): void;
  /** The process is gone and its output is read to the end: emit what is still held back (open permissions as `withdrawn`), and judge. */
  end(exit: AgentExit): { outcome: RunOutcome; reason: string };
}

export interface Driver {
  /** As in the catalog's `agent_sessions.backend_type`. */
  readonly backendType: string;
  /** What starts or resumes the agent. */
  launch(request: LaunchRequest): Launch;
  converse(request: ConversationRequest, host: ConversationHost): Conversation;
  /** All arguments of the program; undefined where it has no such thing, as is the rule where this is absent. */
  terminal?(request: TerminalRequest): string[] | undefined;
}

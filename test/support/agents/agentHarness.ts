import { spawn } from 'node:child_process';
import * as v from 'valibot';
import type { Line } from '../../../src/common/lines/lineSplitter';
import { LineSplitter } from '../../../src/common/lines/lineSplitter';
import type { ToldOffers } from '../../../src/storage/agentOffers';
import type { DraftEvent, EventData, EventKind, Usage } from '../../../src/storage/events';
import { EVENT_SCHEMAS } from '../../../src/storage/events';
import type {
  AgentExit,
  Conversation,
  ConversationHost,
  ConversationRequest,
  Driver,
} from '../../../src/supervisor/agents/driver/driver';
import type { Ending } from '../../../src/supervisor/agents/driver/ending';

/** Keeps the events and the input that a conversation writes. Throws if an event does not match its kind's schema. */
export class RecordingHost implements ConversationHost {
  readonly events: DraftEvent[] = [];
  readonly written: string[] = [];
  readonly offers: ToldOffers[] = [];
  readonly usesInTurn: Usage[] = [];
  isInputClosed = false;
  onEvent: (event: DraftEvent) => void = () => undefined;

  emit(event: DraftEvent): void {
    v.parse(EVENT_SCHEMAS[event.kind], event.data);
    this.events.push(event);
    this.onEvent(event);
  }

  write(data: string): void {
    this.written.push(data);
  }

  closeInput(): void {
    this.isInputClosed = true;
  }

  offer(told: ToldOffers): void {
    this.offers.push(told);
  }

  usedInTurn(usage: Usage): void {
    this.usesInTurn.push(usage);
  }

  /** The data of all events of a kind. */
  of<K extends EventKind>(kind: K): EventData<K>[] {
    // TypeScript cannot infer the data's type from the kind.
    return this.events.filter((event) => event.kind === kind).map((event) => event.data as EventData<K>);
  }
}

/** A conversation's request with defaults for what a test does not set. */
export function conversationRequest(overrides: Partial<ConversationRequest> = {}): ConversationRequest {
  return { prompt: 'x', argv: ['/usr/bin/agent'], cwd: '/repo', permissionMode: 'edits', ...overrides };
}

const MAX_LINE_BYTES = 64 * 1024 * 1024;

export interface AgentRun {
  host: RecordingHost;
  conversation: Conversation;
  pid: number;
  ended: Promise<{ exit: AgentExit; ending: Ending }>;
  /** Resolves with the first past or coming event that matches. */
  event(matches: (event: DraftEvent) => boolean): Promise<DraftEvent>;
  closeInput(): void;
  signal(signal: NodeJS.Signals): void;
}

/** Starts `argv` as a runner does. `closesWhenIdle` closes its input when a turn ends and no message is queued. */
export function runAgent(
  driver: Driver,
  argv: readonly string[],
  overrides: Partial<ConversationRequest>,
  options: { closesWhenIdle: boolean; environment?: Record<string, string>; asked?: AgentExit['asked'] },
): AgentRun {
  const [program = '', ...words] = argv;
  const request = conversationRequest({ argv, ...overrides });
  const child = spawn(program, words, {
    cwd: request.cwd,
    env: { ...process.env, ...options.environment },
    stdio: 'pipe',
  });
  const host = new RecordingHost();
  host.write = (data) => {
    if (child.stdin.writable) child.stdin.write(data);
  };
  host.closeInput = () => child.stdin.end();
  child.stdin.on('error', () => undefined);
  const conversation = driver.createConversation(request, host);
  const waiters: {
    matches: (event: DraftEvent) => boolean;
    settle: (event: DraftEvent) => void;
    fail: (error: Error) => void;
  }[] = [];
  host.onEvent = (event) => {
    for (const waiter of waiters) if (waiter.matches(event)) waiter.settle(event);
    if (options.closesWhenIdle && event.kind === 'turn.ended' && !conversation.hasQueued()) child.stdin.end();
  };
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const streams = (['stdout', 'stderr'] as const).map(async (stream) => {
    // As in a runner, the lines of one chunk are read in one turn.
    const splitter = new LineSplitter(MAX_LINE_BYTES);
    const read = ({ bytes }: Line): void => conversation.readLine(stream, bytes.toString('utf8'));
    for await (const chunk of child[stream] as AsyncIterable<Buffer>)
      for (const line of splitter.push(chunk)) read(line);
    const last = splitter.end();
    if (last !== undefined) read(last);
  });
  const exited = new Promise<{ exitCode: number | null; signal: string | null; spawnError?: string }>((resolve) => {
    child.on('error', (error) => resolve({ exitCode: null, signal: null, spawnError: error.message }));
    child.on('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const ended = Promise.all([exited, ...streams]).then(([result]) => {
    const exit: AgentExit = { ...result, asked: options.asked, stderrTail: stderr.slice(-2048) };
    const ending = conversation.end(exit);
    for (const waiter of waiters)
      waiter.fail(
        new Error(`The agent ended first (${ending.reason}): ${host.events.map((event) => event.kind).join(' ')}`),
      );
    return { exit, ending };
  });
  conversation.start();
  return {
    host,
    conversation,
    pid: child.pid ?? 0,
    ended,
    event: (matches) =>
      new Promise((settle, fail) => {
        const past = host.events.find(matches);
        if (past === undefined) waiters.push({ matches, settle, fail });
        else settle(past);
      }),
    closeInput: () => child.stdin.end(),
    signal: (signal) => child.kill(signal),
  };
}

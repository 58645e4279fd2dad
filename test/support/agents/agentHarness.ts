/** Drives a driver as a runner does: a recorder of what the conversation says, and a real process with its pipes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { DraftEvent, EventData, EventKind } from '../../../src/storage/events';
import { EVENT_SCHEMAS } from '../../../src/storage/events';
import type {
  AgentExit,
  Conversation,
  ConversationHost,
  ConversationRequest,
  Driver,
} from '../../../src/supervisor/agents/driver/driver';
import type { Ending } from '../../../src/supervisor/agents/driver/ending';

/** Keeps what a conversation says; throws for an event that has not the shape of its kind. */
export class RecordingHost implements ConversationHost {
  readonly events: DraftEvent[] = [];
  readonly written: string[] = [];
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

  of<K extends EventKind>(kind: K): EventData<K>[] {
    // TypeScript does not follow the kind into the data of a union.
    return this.events.filter((event) => event.kind === kind).map((event) => event.data as EventData<K>);
  }
}

/** What a conversation is begun with, where a test has no wish of its own. */
export function conversationRequest(wishes: Partial<ConversationRequest> = {}): ConversationRequest {
  return { prompt: 'x', argv: ['/usr/bin/agent'], cwd: '/repo', permissionMode: 'edits', ...wishes };
}

export interface AgentRun {
  host: RecordingHost;
  conversation: Conversation;
  pid: number;
  ended: Promise<{ exit: AgentExit; ending: Ending }>;
  /** Resolves with the first event, past or coming, that fits. */
  event(fits: (event: DraftEvent) => boolean): Promise<DraftEvent>;
  closeInput(): void;
  signal(signal: NodeJS.Signals): void;
}

/** Starts `argv` for real. Where `closesWhenIdle`, its input is closed at the end of a turn that nothing waits behind, as a runner does. */
export function runAgent(
  driver: Driver,
  argv: readonly string[],
  wishes: Partial<ConversationRequest>,
  options: { closesWhenIdle: boolean; environment?: Record<string, string>; asked?: AgentExit['asked'] },
): AgentRun {
  const [program = '', ...words] = argv;
  const request = conversationRequest({ argv, ...wishes });
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
    fits: (event: DraftEvent) => boolean;
    settle: (event: DraftEvent) => void;
    fail: (error: Error) => void;
  }[] = [];
  host.onEvent = (event) => {
    for (const waiter of waiters) if (waiter.fits(event)) waiter.settle(event);
    if (options.closesWhenIdle && event.kind === 'turn.ended' && !conversation.hasQueued()) child.stdin.end();
  };
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const streams = (['stdout', 'stderr'] as const).map((stream) => {
    const lines = createInterface({ input: child[stream], crlfDelay: Infinity });
    lines.on('line', (line) => conversation.readLine(stream, line));
    return once(lines, 'close');
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
    event: (fits) =>
      new Promise((settle, fail) => {
        const past = host.events.find(fits);
        if (past === undefined) waiters.push({ fits, settle, fail });
        else settle(past);
      }),
    closeInput: () => child.stdin.end(),
    signal: (signal) => child.kill(signal),
  };
}

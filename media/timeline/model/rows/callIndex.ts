import type { TimelineEvent } from '../../../../src/protocol/timelineProtocol';

type EventOf<K extends TimelineEvent['kind']> = Extract<TimelineEvent, { kind: K }>;
export type ToolCall = EventOf<'tool.call'>;
export type ToolResult = EventOf<'tool.result'>;
export type PermissionRequest = EventOf<'permission.request'>;
export type PermissionAnswer = EventOf<'permission.answer'>;

/** What the loaded events say about a tool call. */
export interface CallFacts {
  call?: ToolCall;
  /** The question whether the call may be made. */
  request?: PermissionRequest;
  result?: ToolResult;
  /** In order of `seq`, as are `children`. */
  changes: EventOf<'file.change'>[];
  /** Calls and thoughts of the sub-agent that the call started. */
  children: TimelineEvent[];
}

const NO_FACTS: Readonly<CallFacts> = { changes: [], children: [] };

/** Which of the loaded events belong together. */
export class CallIndex {
  readonly #calls = new Map<string, CallFacts>();
  readonly #requests = new Map<string, PermissionRequest>();
  readonly #answers = new Map<string, PermissionAnswer>();

  callOf(runId: string, callId: string): Readonly<CallFacts> {
    return this.#calls.get(`${runId} ${callId}`) ?? NO_FACTS;
  }

  requestOf(runId: string, requestId: string): PermissionRequest | undefined {
    return this.#requests.get(`${runId} ${requestId}`);
  }

  answerOf(runId: string, requestId: string): PermissionAnswer | undefined {
    return this.#answers.get(`${runId} ${requestId}`);
  }

  add(event: TimelineEvent): void {
    if (event.kind === 'permission.answer') this.#answers.set(`${event.runId} ${event.data.requestId}`, event);
    if (event.kind === 'permission.request') this.#requests.set(`${event.runId} ${event.data.requestId}`, event);
    const callId = callIdOf(event);
    if (callId !== undefined) {
      const facts = this.#factsFor(`${event.runId} ${callId}`);
      if (event.kind === 'tool.call') facts.call = event;
      else if (event.kind === 'permission.request') facts.request = event;
      else if (event.kind === 'tool.result') facts.result = event;
      else if (event.kind === 'file.change') insert(facts.changes, event);
    }
    const parentId = parentIdOf(event);
    if (parentId !== undefined) insert(this.#factsFor(`${event.runId} ${parentId}`).children, event);
  }

  remove(event: TimelineEvent): void {
    if (event.kind === 'permission.answer') this.#answers.delete(`${event.runId} ${event.data.requestId}`);
    if (event.kind === 'permission.request') this.#requests.delete(`${event.runId} ${event.data.requestId}`);
    for (const id of [callIdOf(event), parentIdOf(event)]) {
      const key = `${event.runId} ${id ?? ''}`;
      const facts = id === undefined ? undefined : this.#calls.get(key);
      if (facts === undefined) continue;
      if (facts.call === event) delete facts.call;
      if (facts.request === event) delete facts.request;
      if (facts.result === event) delete facts.result;
      facts.changes = facts.changes.filter((change) => change !== event);
      facts.children = facts.children.filter((child) => child !== event);
      if (Object.keys(facts).length === 2 && facts.changes.length + facts.children.length === 0)
        this.#calls.delete(key);
    }
  }

  #factsFor(key: string): CallFacts {
    const facts = this.#calls.get(key) ?? { changes: [], children: [] };
    this.#calls.set(key, facts);
    return facts;
  }
}

/** The call that the event is about; undefined for any other event. */
export function callIdOf(event: TimelineEvent): string | undefined {
  switch (event.kind) {
    case 'tool.call':
    case 'permission.request':
    case 'tool.result':
    case 'file.change':
      return event.data.callId;
    default:
      return undefined;
  }
}

/** The call of the sub-agent whose event this is; undefined for an event of the agent itself. */
export function parentIdOf(event: TimelineEvent): string | undefined {
  return event.kind === 'tool.call' || event.kind === 'reasoning' ? event.data.parentCallId : undefined;
}

/** Keeps the events in order of `seq`, each once. */
function insert<E extends TimelineEvent>(events: E[], event: E): void {
  let at = events.length;
  while (at > 0 && (events[at - 1]?.seq ?? 0) > event.seq) at--;
  if (events[at - 1]?.seq === event.seq) events[at - 1] = event;
  else events.splice(at, 0, event);
}

import * as v from 'valibot';
import type { AskTimeline } from '../storage/timelineQueries';
import { CorralError } from '../storage/errors';
import type { CorralApi, SessionSummary } from '../supervisor/api';
import type { SessionPatch } from '../supervisor/history/sessionPatch';
import type { CommandConsents } from '../supervisor/lifecycle/commandConsents';
import { inputOf, type Fields, type InputOf, type InputSchema } from './inputFields';

/** What the tools need of the supervisor. */
export type ToolSource = Pick<
  CorralApi,
  'listSessions' | 'searchHistory' | 'onDidChangeSessions' | 'createSession' | 'sendMessage' | 'resume' | 'stop'
> & {
  latestSession(id: string): Promise<SessionSummary>;
  consents(): Promise<Pick<CommandConsents, 'agentsIn' | 'answer' | 'ask' | 'reachesAll'>>;
  timeline(id: string): Promise<{ query: AskTimeline }>;
  patch(id: string, options: { path?: string; signal: AbortSignal }): Promise<SessionPatch>;
};

/** How far a call has come: `done` of `all`, in words. */
export interface ToolProgress {
  done: number;
  all: number;
  message: string;
}

/** One call of a tool. */
export interface ToolCall {
  source: ToolSource;
  /** The program that calls, by the name that it tells. */
  client: string;
  /** The session whose agent calls; absent for a program that a person has set up. */
  sessionId?: string;
  /** Hears for how many sessions the caller waits, until the function that it answers with is called. */
  beginWaiting?: (sessions: number) => () => void;
  /** Aborted where the caller no longer waits. */
  signal: AbortSignal;
  report: (progress: ToolProgress) => void;
}

/** `facts` are Corral's own words, ids and numbers. `untrusted` was written by agents, programs and people. */
export interface ToolAnswer {
  facts: Record<string, unknown>;
  untrusted?: string;
}

/** Something that an agent can ask of Corral, over MCP or as a language-model tool of VS Code. */
export interface SessionTool {
  /** Snake case, as is usual in MCP. */
  name: string;
  title: string;
  /** Read by models. */
  description: string;
  isReadOnly: boolean;
  inputSchema: InputSchema;
  /** Throws INVALID_ARGUMENT for an input that does not match, and what the supervisor throws. */
  call(input: unknown, call: ToolCall): Promise<ToolAnswer>;
}

export function defineTool<F extends Fields>({
  fields,
  answer,
  ...words
}: Omit<SessionTool, 'inputSchema' | 'call'> & {
  fields: F;
  answer: (input: InputOf<F>, call: ToolCall) => Promise<ToolAnswer>;
}): SessionTool {
  const { schema, json } = inputOf(fields);
  return {
    ...words,
    inputSchema: json,
    call: async (input, call) => {
      const parsed = v.safeParse(schema, input ?? {});
      if (!parsed.success) throw new CorralError('INVALID_ARGUMENT', v.summarize(parsed.issues));
      return await answer(parsed.output, call);
    },
  };
}

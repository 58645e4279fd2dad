/** An agent's own transcript goes along when its session goes on elsewhere, so that it need not be told the story. */
import type { Readable } from 'node:stream';
import * as v from 'valibot';
import { messageOf } from '../../../../common/errors';
import { startOf } from '../../../../common/shorten';
import type { SessionFacts } from '../../../../storage/sessionFacts';
import { currentRun, runState, workingAgent } from '../../../../storage/sessionState';
import { resolveAgent } from '../../../agents/agentRegistry';
import { programEnvironment } from '../../../agents/programEnvironment';
import { putTranscript, readTranscript } from '../../../agents/transcripts/transcriptFile';
import type { HostRequestOf } from '../../../hostProtocol/hostProtocol';
import { nothingSchema, transcriptOwnerSchema } from '../../../hostProtocol/sessionRequests';
import { findAgentFolder } from '../../../lifecycle/agentFolder';
import { nativeSession } from '../../../sessions/summary';
import type { HostStores, OpenHost } from '../hostStores';
import { hostAgentOf } from '../queueRemoteRun';
import type { RemoteRunsOptions } from '../remoteRuns';

/** Of each message: enough to tell it from others. */
const COMPARED_CHARACTERS = 200;

export interface CarryOptions extends RemoteRunsOptions {
  remoteRuns: { stores: HostStores };
}

/** The session's worktree, on a host or else on this computer. */
interface Place {
  host?: OpenHost | undefined;
  worktreePath: string;
}

/** What an agent keeps of the session at one place. */
interface OwnTranscript {
  read: () => Readable | Promise<Readable>;
  put: (content: AsyncIterable<Uint8Array>) => Promise<void>;
}

/**
 * Puts what the working agent keeps of the session to where it looks for that at another place.
 * @returns the agent's own session, which can be resumed there. Nothing where the agent has to be told the story: its
 * transcript is not known, cannot be read or put there, or lacks the last turn. Nothing is thrown
 */
export async function carryTranscript(
  options: CarryOptions,
  facts: SessionFacts,
  to: Place,
): Promise<{ nativeSessionId?: string }> {
  const native = nativeSession(facts);
  const owner = v.safeParse(transcriptOwnerSchema, native?.backendType);
  if (native === undefined || !owner.success) return {};
  const { nativeSessionId } = native;
  const which = { backendType: owner.output, nativeSessionId };
  let content: Readable | undefined;
  try {
    const target = await transcriptAt(options, facts, which, to);
    content = await (await transcriptAt(options, facts, which, await placeOf(options, facts))).read();
    await target.put(withTexts(content, await lastWords(options, facts)));
    return { nativeSessionId };
  } catch (error) {
    options.log.info(`The agent of session ${facts.sessionId} has to be told its story: ${messageOf(error)}`);
    return {};
  } finally {
    content?.destroy();
  }
}

async function placeOf({ remoteRuns }: CarryOptions, facts: SessionFacts): Promise<Place> {
  const { host, worktreePath } = facts;
  if (host === undefined) return { worktreePath };
  return { host: await remoteRuns.stores.connected(facts), worktreePath: host.worktree?.path ?? '' };
}

async function transcriptAt(
  options: CarryOptions,
  facts: SessionFacts,
  { backendType, nativeSessionId }: Pick<HostRequestOf<'readTranscript'>, 'backendType' | 'nativeSessionId'>,
  { host, worktreePath }: Place,
): Promise<OwnTranscript> {
  const { agents } = options.settings();
  const { name, argv } = workingAgent(facts);
  const subfolder = facts.subfolder === undefined ? {} : { subfolder: facts.subfolder };
  if (host !== undefined) {
    const agent = hostAgentOf(workingAgent(facts), options.settings());
    const request = { backendType, nativeSessionId, agent, worktree: { path: worktreePath, ...subfolder } };
    const { connection } = host;
    return {
      read: () => connection.read({ request: 'readTranscript', ...request }),
      put: async (content) => {
        await connection.ask({ request: 'putTranscript', ...request }, nothingSchema, content);
      },
    };
  }
  const agent = await resolveAgent(name, {
    ...{ agents, bundles: options.bundles },
    ...(argv === undefined ? {} : { argv }),
  });
  const place = {
    backendType,
    environment: await programEnvironment(name, agent, agents),
    cwd: await findAgentFolder({ worktreePath, ...subfolder }),
  };
  return {
    read: async () => await readTranscript(place, nativeSessionId),
    put: async (content) => await putTranscript(place, nativeSessionId, content),
  };
}

/** How the last messages begin that have to be in the transcript: the person's, and of a completed run the answer. */
async function lastWords({ store }: CarryOptions, facts: SessionFacts): Promise<string[]> {
  const run = currentRun(facts);
  if (run === undefined) return [];
  const messages = await store.index.query(facts.sessionId, 'conversation', {});
  const roles = runState(run) === 'completed' ? ['user', 'assistant'] : ['user'];
  return roles.flatMap((role) => {
    const last = messages.findLast((each) => each.runId === run.runId && each.role === role);
    return last === undefined ? [] : [startOf(last.content.trim(), COMPARED_CHARACTERS)];
  });
}

/** Passes all of it on. @throws Error at its end where the texts did not come in it in this order, in JSON strings */
async function* withTexts(content: AsyncIterable<Buffer>, texts: readonly string[]): AsyncGenerator<Buffer> {
  const missing = texts.map((text) => Buffer.from(JSON.stringify(text).slice(1, -1)));
  let unsearched = Buffer.alloc(0);
  for await (const piece of content) {
    unsearched = Buffer.concat([unsearched, piece]);
    for (let [next] = missing; next !== undefined; [next] = missing) {
      const at = unsearched.indexOf(next);
      // Its beginning may be at the end of what has come.
      unsearched = unsearched.subarray(at < 0 ? Math.max(0, unsearched.length - next.length + 1) : at + next.length);
      if (at < 0) break;
      missing.shift();
    }
    if (missing.length === 0) unsearched = Buffer.alloc(0);
    yield piece;
  }
  if (missing.length > 0) throw new Error('Its last turn is not in its own transcript');
}

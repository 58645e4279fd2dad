/** Imports the sessions that an agent had without Corral: the transcript becomes the first run. */
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { messageOf } from '../../common/errors';
import { CorralError } from '../../storage/errors';
import { newId } from '../../storage/ids';
import { JournalWriter } from '../../storage/journal/journalWriter';
import type { RunPaths } from '../../storage/paths';
import type { ResolvedAgent, ResolveOptions } from '../agents/agentRegistry';
import { listAgents, resolveAgent } from '../agents/agentRegistry';
import type { DriverName } from '../agents/drivers';
import { driverFor } from '../agents/drivers';
import { programEnvironment } from '../agents/programEnvironment';
import type { SessionSummary } from '../api';
import type { Git } from '../git/git';
import { findRepository } from '../git/repository';
import { notCopiedNotice } from '../lifecycle/agentFolder';
import type { SessionCreator } from '../lifecycle/sessionCreation';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionStore } from '../sessions/sessionStore';
import type {
  FoundSession,
  ImportingAgent,
  NativeSession,
  SessionSearch,
  TimedEvent,
  UnreadSource,
} from './nativeSession';

interface NativeSource {
  /** Rejects where the records cannot be read to their end. */
  find(agent: ImportingAgent, folder: string, search: SessionSearch): Promise<void>;
  /** The events of a session, from `agent.session` to `run.exited`. */
  read(agent: ImportingAgent, session: FoundSession): AsyncIterable<TimedEvent>;
}

/** The drivers whose agents keep records that can be read. */
const SOURCES: Partial<Record<DriverName, () => Promise<NativeSource>>> = {
  claude: async () => {
    const { findClaudeSessions, readClaudeSession } = await import('./claudeTranscripts');
    return { find: findClaudeSessions, read: readClaudeSession };
  },
  codex: async () => {
    const { findCodexSessions, readCodexSession } = await import('./codexThreads');
    return { find: findCodexSessions, read: readCodexSession };
  },
};

/** So long may one agent's records take. */
const SEARCH_LIMIT_MS = 15_000;
/** The journal writes this many events at once, and holds them in memory until then. */
const EVENTS_PER_WRITE = 500;

export interface NativeSessionsOptions {
  git: Git;
  model: SessionModel;
  store: SessionStore;
  resolving: () => ResolveOptions;
  creator: SessionCreator;
}

export interface NativeSessionListOptions {
  onUnread?: (source: UnreadSource) => void;
  /** After so long, the list goes without the rest of an agent's records. */
  limitMs?: number;
}

export class NativeSessions {
  readonly #options: NativeSessionsOptions;

  constructor(options: NativeSessionsOptions) {
    this.#options = options;
  }

  /**
   * The sessions in this folder, its checkout or the main worktree that Corral does not have, newest first.
   * Records that cannot be read hide no others: `onUnread` is told of each agent.
   */
  async list(repository: string, options: NativeSessionListOptions = {}): Promise<NativeSession[]> {
    const { git, model, resolving } = this.#options;
    const { mainWorktree, checkout, subfolder } = await findRepository(git, repository);
    const folders = [...new Set([mainWorktree, checkout, join(checkout, ...subfolder.split('/'))])];
    const knownIds = new Set(model.ids().flatMap((id) => model.facts(id).runs.map((run) => run.nativeSessionId)));
    const lists = await Promise.all(
      folders.flatMap((folder) =>
        listAgents(resolving().agents).map(async (agent) => await this.#find(agent, folder, options)),
      ),
    );
    const found: NativeSession[] = [];
    for (const session of lists.flat()) {
      // Agents with the same program share its records.
      const isNew = found.every((each) => each.source !== session.source) && !knownIds.has(session.nativeSessionId);
      if (isNew) found.push(session);
    }
    return found.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  }

  async #find(
    { name, driver }: { name: string; driver?: DriverName },
    folder: string,
    { onUnread, limitMs = SEARCH_LIMIT_MS }: NativeSessionListOptions,
  ): Promise<NativeSession[]> {
    const { resolving } = this.#options;
    if (driver === undefined) return [];
    const source = await SOURCES[driver]?.();
    // An agent that is not installed has no sessions.
    const agent = source === undefined ? undefined : await resolveAgent(name, resolving()).catch(() => undefined);
    if (source === undefined || agent === undefined || agent.isScripted === true) return [];
    const { backendType } = await driverFor(driver);
    const found: NativeSession[] = [];
    const search = new AbortController();
    const tooLate = new Promise<never>((_, reject) => {
      search.signal.addEventListener('abort', () => reject(new Error(l10n.t('it did not answer in time'))));
    });
    tooLate.catch(() => undefined); // it may come before anything waits for it
    const timer = setTimeout(() => search.abort(), limitMs);
    const onFound = (session: FoundSession): void => {
      if (!search.signal.aborted) found.push({ ...session, agent: name, driver, backendType });
    };
    try {
      const { signal } = search;
      // A file on a disk that hangs hears of no signal.
      const importing = await importingAgent(name, agent, resolving());
      await Promise.race([source.find(importing, folder, { signal, onFound }), tooLate]);
    } catch (error) {
      onUnread?.({ agent: name, reason: messageOf(error) });
    } finally {
      clearTimeout(timer);
    }
    return found;
  }

  /**
   * Creates a session that has ended. Its worktree contains the checkout as it is now.
   * @throws INVALID_ARGUMENT where the native session cannot be read
   */
  async import(repository: string, native: NativeSession): Promise<SessionSummary> {
    const { agent: name, title, driver, nativeSessionId, backendType, source: place, cwd } = native;
    const source = await SOURCES[driver]?.();
    if (source === undefined)
      throw new CorralError('INVALID_ARGUMENT', l10n.t('Sessions of the agent “{name}” cannot be imported.', { name }));
    const resolving = this.#options.resolving();
    const agent = await importingAgent(name, await resolveAgent(name, resolving), resolving);
    const { store, model, creator } = this.#options;
    const queue = async (sessionId: string): Promise<void> => {
      const runId = newId();
      try {
        const notCopied = (await store.sync(sessionId))?.notCopied ?? [];
        const notices = [`Imported from ${place}`, ...(notCopied.length === 0 ? [] : [notCopiedNotice(notCopied)])];
        await writeRun(store.paths.session(sessionId).run(runId), native, source.read(agent, native), notices);
      } catch (cause) {
        const message = l10n.t('The session could not be read from {place}.', { place });
        throw new CorralError('INVALID_ARGUMENT', message, { cause });
      }
      // The run becomes known only now, when its journal is complete.
      await store.append(sessionId, () => ({ kind: 'run.queued', data: { runId, ordinal: 1, prompt: title } }));
    };
    const request = { repository, agent: name, title, prompt: title, includeChanges: true };
    const imported = { nativeSessionId, backendType, source: place, cwd };
    return model.summary(await creator.create(request, queue, imported));
  }
}

async function writeRun(
  run: RunPaths,
  native: NativeSession,
  events: AsyncIterable<TimedEvent>,
  notices: readonly string[],
): Promise<void> {
  let nowMs = 0;
  let count = 0;
  const journal = await JournalWriter.open(run, { tsFloor: new Date(0).toISOString(), now: () => nowMs });
  try {
    for await (const { timestamp, event } of events) {
      nowMs = Date.parse(timestamp);
      if (count === 0) {
        journal.append({
          kind: 'run.started',
          data: { ordinal: 1, agent: native.agent, driver: native.driver, argv: [], cwd: native.cwd },
        });
        for (const text of notices) journal.append({ kind: 'message', data: { role: 'system', text } });
      }
      journal.append(event);
      if (++count % EVENTS_PER_WRITE === 0) await journal.room();
    }
  } finally {
    await journal.close();
  }
}

async function importingAgent(name: string, agent: ResolvedAgent, { agents }: ResolveOptions): Promise<ImportingAgent> {
  return {
    program: agent.program,
    programArguments: agent.programArguments,
    environment: await programEnvironment(name, agent, agents),
  };
}

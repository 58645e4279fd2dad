/** Imports the sessions that an agent had without Corral: the transcript becomes the first run. */
import * as l10n from '@vscode/l10n';
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
import type { SessionCreator } from '../lifecycle/sessionCreation';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionStore } from '../sessions/sessionStore';
import { listClaudeSessions, readClaudeSession } from './claudeTranscripts';
import { listCodexSessions, readCodexSession } from './codexThreads';
import type { FoundSession, ImportingAgent, NativeSession, TimedEvent } from './nativeSession';

interface NativeSource {
  list(agent: ImportingAgent, folder: string): Promise<FoundSession[]>;
  /** The events of a session, from `agent.session` to `run.exited`. */
  read(agent: ImportingAgent, session: FoundSession): AsyncIterable<TimedEvent>;
}

/** The drivers whose agents keep records that can be read. */
const SOURCES: Partial<Record<DriverName, NativeSource>> = {
  claude: { list: listClaudeSessions, read: readClaudeSession },
  codex: { list: listCodexSessions, read: readCodexSession },
};

/** The journal writes this many events at once, and holds them in memory until then. */
const EVENTS_PER_WRITE = 500;

export interface NativeSessionsOptions {
  git: Git;
  model: SessionModel;
  store: SessionStore;
  resolving: () => ResolveOptions;
  creator: SessionCreator;
}

export class NativeSessions {
  readonly #options: NativeSessionsOptions;

  constructor(options: NativeSessionsOptions) {
    this.#options = options;
  }

  /** The sessions in the repository's main worktree that Corral does not have, newest first. */
  async list(repository: string): Promise<NativeSession[]> {
    const { git, model, resolving } = this.#options;
    const { mainWorktree } = await findRepository(git, repository);
    const knownIds = new Set(model.ids().flatMap((id) => model.facts(id).runs.map((run) => run.nativeSessionId)));
    const found: NativeSession[] = [];
    for (const { name, driver } of listAgents(resolving().agents)) {
      const source = SOURCES[driver];
      // An agent that is not installed has no sessions.
      const agent = source === undefined ? undefined : await resolveAgent(name, resolving()).catch(() => undefined);
      if (source === undefined || agent === undefined || agent.isScripted === true) continue;
      const { backendType } = await driverFor(driver);
      for (const session of await source.list(await importingAgent(name, agent, resolving()), mainWorktree)) {
        // Agents with the same program share its records.
        const isNew = found.every((each) => each.source !== session.source) && !knownIds.has(session.nativeSessionId);
        if (isNew) found.push({ ...session, agent: name, driver, backendType });
      }
    }
    return found.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  }

  /**
   * Creates a session that has ended. Its worktree contains the checkout as it is now.
   * @throws INVALID_ARGUMENT where the native session cannot be read
   */
  async import(repository: string, native: NativeSession): Promise<SessionSummary> {
    const { agent: name, title, driver, nativeSessionId, backendType, source: place, cwd } = native;
    const source = SOURCES[driver];
    if (source === undefined)
      throw new CorralError('INVALID_ARGUMENT', l10n.t('Sessions of the agent “{name}” cannot be imported.', { name }));
    const resolving = this.#options.resolving();
    const agent = await importingAgent(name, await resolveAgent(name, resolving), resolving);
    const { store, model, creator } = this.#options;
    const queue = async (sessionId: string): Promise<void> => {
      const runId = newId();
      try {
        await writeRun(store.paths.session(sessionId).run(runId), native, source.read(agent, native));
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

async function writeRun(run: RunPaths, native: NativeSession, events: AsyncIterable<TimedEvent>): Promise<void> {
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
        journal.append({ kind: 'message', data: { role: 'system', text: `Imported from ${native.source}` } });
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

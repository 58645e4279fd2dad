/** Sessions that an agent had without Corral become sessions of ours: their transcript is a first run, and the agent goes on with them. */
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
  /** From the agent's session to `run.exited`. */
  read(agent: ImportingAgent, session: FoundSession): AsyncIterable<TimedEvent>;
}

/** The agents whose own records are known. */
const SOURCES: Partial<Record<DriverName, NativeSource>> = {
  claude: { list: listClaudeSessions, read: readClaudeSession },
  codex: { list: listCodexSessions, read: readCodexSession },
};

/** Events that are written at once; the journal holds them until then. */
const EVENTS_AT_ONCE = 500;

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

  /** What agents' own records say of sessions in the repository's main worktree, without those that are ours; newest first. Agents that are not installed have none. */
  async list(repository: string): Promise<NativeSession[]> {
    const { git, model, resolving } = this.#options;
    const { mainWorktree } = await findRepository(git, repository);
    const ours = new Set(model.ids().flatMap((id) => model.facts(id).runs.map((run) => run.nativeSessionId)));
    const found: NativeSession[] = [];
    for (const { name, driver } of listAgents(resolving().agents)) {
      const source = SOURCES[driver];
      const agent = source === undefined ? undefined : await resolveAgent(name, resolving()).catch(() => undefined);
      if (source === undefined || agent === undefined || agent.isScripted === true) continue;
      for (const session of await source.list(importing(name, agent, resolving()), mainWorktree)) {
        // Two agents of one program share its records.
        const isNews = found.every((each) => each.source !== session.source) && !ours.has(session.nativeSessionId);
        if (isNews) found.push({ ...session, agent: name, driver, backendType: (await driverFor(driver)).backendType });
      }
    }
    return found.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  }

  /**
   * Makes one of those a session of ours, at rest: its worktree holds what is in the checkout now, its first run is the agent's transcript.
   * Throws INVALID_ARGUMENT where that cannot be read.
   */
  async import(repository: string, native: NativeSession): Promise<SessionSummary> {
    const { agent: name, title, driver, nativeSessionId, backendType, source: place, cwd } = native;
    const source = SOURCES[driver];
    if (source === undefined) throw new CorralError('INVALID_ARGUMENT', `Sessions of “${name}” cannot be imported.`);
    const resolving = this.#options.resolving();
    const agent = importing(name, await resolveAgent(name, resolving), resolving);
    const { store, model, creator } = this.#options;
    const queue = async (sessionId: string): Promise<void> => {
      const runId = newId();
      try {
        await writeRun(store.paths.session(sessionId).run(runId), native, source.read(agent, native));
      } catch (error) {
        throw new CorralError('INVALID_ARGUMENT', `The session could not be read from ${place}.`, { cause: error });
      }
      // Only now does anyone hear of the run: it has ended already.
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
      if (++count % EVENTS_AT_ONCE === 0) await journal.acknowledged();
    }
  } finally {
    await journal.close();
  }
}

function importing(name: string, agent: ResolvedAgent, { agents }: ResolveOptions): ImportingAgent {
  return {
    program: agent.program,
    programArguments: agent.programArguments,
    environment: programEnvironment(name, agent, agents),
  };
}

import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionSummary } from '../../../src/supervisor/api';
import type { SupervisorSettings, WorktreeSettings } from '../../../src/supervisor/settings';
import { DEFAULT_SETTINGS, DEFAULT_WORKTREE_SETTINGS } from '../../../src/supervisor/settings';
import type { SupervisorOptions } from '../../../src/supervisor/options';
import { Supervisor } from '../../../src/supervisor/supervisor';
import { projectRoot } from '../../support/project';
import { endProcessesOf } from '../../support/processes';
import { TestRepository } from '../../support/repository';

/** A store and a repository in temporary folders, with any number of supervisors, as windows have them. */
export class SupervisorFixture {
  readonly repository: TestRepository;
  readonly storageDirectory: string;
  readonly logged: string[] = [];
  readonly #supervisors = new Set<Supervisor>();

  private constructor(repository: TestRepository, storageDirectory: string) {
    this.repository = repository;
    this.storageDirectory = storageDirectory;
  }

  static async create(): Promise<SupervisorFixture> {
    return new SupervisorFixture(
      await TestRepository.create(),
      await realpath(await mkdtemp(join(tmpdir(), 'corral-store-'))),
    );
  }

  settings(): SupervisorSettings {
    return { ...DEFAULT_SETTINGS, stopGraceMs: 1_000 };
  }

  window(
    options: Partial<SupervisorOptions> & { changes?: Partial<SupervisorSettings & WorktreeSettings> } = {},
  ): Supervisor {
    const { changes, ...rest } = options;
    const log = (level: string) => (message: string) => void this.logged.push(`${level} ${message}`);
    const supervisor = new Supervisor({
      storageDirectory: this.storageDirectory,
      bundles: join(projectRoot, 'dist'),
      settings: () => ({ ...this.settings(), ...changes }),
      worktreeSettings: () => ({ ...DEFAULT_WORKTREE_SETTINGS, ...changes }),
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      ...rest,
    });
    this.#supervisors.add(supervisor);
    return supervisor;
  }

  /** A session of the demo agent whose run has completed. By default it has written `hello` to notes.txt. */
  async completedSession(supervisor: Supervisor, prompt = 'edit notes.txt hello'): Promise<SessionSummary> {
    const { id } = await supervisor.createSession({ repository: this.repository.path, prompt, agent: 'demo' });
    return await until(supervisor, id, ({ status }) => status === 'Completed', 'the end');
  }

  async close(supervisor: Supervisor): Promise<void> {
    this.#supervisors.delete(supervisor);
    await supervisor.close();
  }

  /** Ends every run and every window, and removes the folders. */
  async end(): Promise<void> {
    const last = this.window();
    const sessions = await last.listSessions();
    // The queued ones first, or they would start as others end.
    for (const states of [['queued'], ['starting', 'running', 'waiting', 'stopping']])
      for (const { id, state } of sessions) if (states.includes(state)) await last.kill(id).catch(() => undefined);
    for (const supervisor of this.#supervisors) await supervisor.close();
    await this.repository.remove();
    await endProcessesOf(this.storageDirectory); // a runner may still write into the folder
    await rm(this.storageDirectory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The notes.txt in the session's worktree. */
export async function readNotes({ worktreePath }: SessionSummary): Promise<string> {
  return await readFile(join(worktreePath, 'notes.txt'), 'utf8');
}

/** Resolves with the session once `isSo` is true of it. */
export async function until(
  supervisor: Supervisor,
  id: string,
  isSo: (session: SessionSummary) => boolean,
  what: string,
): Promise<SessionSummary> {
  const limitMs = 60_000;
  return await new Promise((resolve, reject) => {
    let last: SessionSummary | undefined;
    const finish = (settle: () => void): void => {
      clearTimeout(limit);
      subscription.dispose();
      settle();
    };
    const look = async (): Promise<void> => {
      last = await supervisor.getSession(id);
      const session = last;
      if (isSo(session)) finish(() => resolve(session));
    };
    const limit = setTimeout(
      () =>
        finish(() =>
          reject(new Error(`${what} did not come within ${limitMs} ms; the session is ${JSON.stringify(last)}`)),
        ),
      limitMs,
    );
    const subscription = supervisor.onDidChangeSessions(({ sessionIds }) => {
      if (sessionIds.includes(id)) look().catch(reject);
    });
    look().catch(reject);
  });
}

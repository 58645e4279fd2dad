import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'mocha';
import * as v from 'valibot';
import type { SessionRequest, SessionSummary } from '../../../../../src/supervisor/api';
import { parseHostSettings } from '../../../../../src/supervisor/hosts/hostSettings';
import type { SupervisorSettings, WorktreeSettings } from '../../../../../src/supervisor/settings';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { CuttableHost } from '../../../../support/hosts/cuttableHost';
import { waitFor } from '../../../../support/wait';
import { SupervisorFixture, until } from '../../supervisorFixture';

interface RemoteHost {
  home: string;
  setting: object;
}

/** A store and a repository here, and the host “far”: this machine with another home folder, or one behind ssh. */
export class RemoteFixture {
  readonly here: SupervisorFixture;
  /** The host's home folder, as this computer sees it. */
  readonly home: string;
  readonly #setting: object;
  readonly #far: CuttableHost | undefined;

  private constructor(here: SupervisorFixture, { home, setting }: RemoteHost, far?: CuttableHost) {
    this.here = here;
    this.home = home;
    this.#setting = setting;
    this.#far = far;
  }

  /** `enter` goes before the command that enters the host, and `more` into its entry. */
  static async create({ enter = [], more = {} }: { enter?: string[]; more?: object } = {}): Promise<RemoteFixture> {
    const far = await CuttableHost.create();
    const { exec, ...others } = far.setting;
    const setting = { ...others, exec: [...enter, ...exec], ...more };
    return new RemoteFixture(await SupervisorFixture.create(), { home: far.home, setting }, far);
  }

  static async of(host: RemoteHost): Promise<RemoteFixture> {
    return new RemoteFixture(await SupervisorFixture.create(), host);
  }

  /** The entries of `corral.hosts`. */
  get hosts(): Record<string, object> {
    return { far: this.#setting };
  }

  window(changes: Partial<SupervisorSettings & WorktreeSettings> = {}): Supervisor {
    return this.here.window({ changes: { hosts: parseHostSettings(this.hosts), ...changes } });
  }

  /** A session there whose run has completed. By default it has written `hello` to notes.txt. */
  async completedSession(window: Supervisor, prompt = 'edit notes.txt hello'): Promise<SessionSummary> {
    const { id } = await this.session(window, { prompt });
    const session = await until(window, id, ({ status }) => status === 'Completed', 'the end');
    await this.assertSame(id, session.currentRunId ?? '');
    return session;
  }

  /** The store's folder on the host. */
  async farStore(): Promise<string> {
    const { id } = v.parse(
      v.object({ id: v.string() }),
      JSON.parse(await readFile(join(this.here.storageDirectory, 'store.json'), 'utf8')),
    );
    return join(this.home, '.corral-host', id);
  }

  /** The repository on the host, which the first session there makes. */
  async farRepository(): Promise<string> {
    const store = await this.farStore();
    const name = (await namesIn(store)).find((each) => /^[0-9a-f]{16}$/.test(each));
    assert.ok(name !== undefined, 'there is no repository on the host');
    return join(store, name);
  }

  /** The full names of all of Corral's refs of the session, here or there. */
  async refsOf(id: string, folder = this.here.repository.path): Promise<string[]> {
    const refs = await this.here.repository.git('-C', folder, 'for-each-ref', '--format=%(refname)');
    return refs.split('\n').filter((ref) => ref.includes(id));
  }

  /** The files at the top of the session's worktree in the host's trash. */
  async filesInTrash(id: string): Promise<string[]> {
    const trash = join(await this.farRepository(), '.corral', 'trash');
    const name = (await namesIn(trash)).find((each) => each.endsWith(id));
    return name === undefined ? [] : await namesIn(join(trash, name));
  }

  /** All files of the host's store that a session has, by their paths. */
  async farTraces(id: string): Promise<string[]> {
    const paths = await readdir(await this.farStore(), { recursive: true });
    return paths.filter((path) => path.includes(id)).sort();
  }

  async session(window: Supervisor, request: Partial<SessionRequest> & { prompt: string }): Promise<SessionSummary> {
    return await window.createSession({
      repository: this.here.repository.path,
      agent: 'demo',
      host: 'far',
      ...request,
    });
  }

  /** Waits for an event with the text in the session's history, and answers with all that it says, as JSON. */
  async eventWith(window: Supervisor, id: string, text: string): Promise<string> {
    let said = '';
    const isThere = async (): Promise<boolean> => {
      const { events } = await window.listSessionHistory(id);
      said = events.map(({ data }) => JSON.stringify(data)).findLast((each) => each.includes(text)) ?? '';
      return said !== '';
    };
    await waitFor(isThere, { what: `an event with “${text}”` });
    return said;
  }

  /** The folder of a session's run in the store here, and on the host. */
  async runFolders(sessionId: string, runId: string): Promise<{ here: string; there: string }> {
    const path = join('sessions', sessionId, 'runs', runId);
    return { here: join(this.here.storageDirectory, path), there: join(await this.farStore(), path) };
  }

  /** Waits until all of the run is here, and compares what it recorded byte by byte. */
  async assertSame(sessionId: string, runId: string): Promise<void> {
    const { here, there } = await this.runFolders(sessionId, runId);
    const names = ['events.jsonl', 'output.log', 'output.log.gz', 'blobs'];
    await waitFor(async () => (await namesIn(here)).includes('mirrored'), { what: 'all of the run' });
    for (const name of names) {
      assert.equal((await namesIn(here)).includes(name), (await namesIn(there)).includes(name), name);
      if (!(await namesIn(here)).includes(name)) continue;
      if (name !== 'blobs')
        assert.ok((await readFile(join(here, name))).equals(await readFile(join(there, name))), name);
      else assert.deepEqual(await namesIn(join(here, name)), await namesIn(join(there, name)));
    }
  }

  async cut(options?: { isDown: boolean }): Promise<void> {
    await this.#far?.cut(options);
  }

  async comeBack(): Promise<void> {
    await this.#far?.comeBack();
  }

  async end(): Promise<void> {
    await this.here.end();
    await this.#far?.remove();
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

/** Makes the fixture, and a first window on it, for all tests of a describe; `options` as for `create`. */
export function useRemote(
  onMade: (made: { fixture: RemoteFixture; window: Supervisor }) => void | Promise<void>,
  {
    settings,
    ...options
  }: Parameters<typeof RemoteFixture.create>[0] & {
    settings?: Parameters<RemoteFixture['window']>[0];
  } = {},
): void {
  let fixture: RemoteFixture | undefined;
  before(async () => {
    fixture = await RemoteFixture.create(options);
    await onMade({ fixture, window: fixture.window(settings) });
  });
  after(async () => await fixture?.end());
}

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DraftEvent, EventData, EventKind } from '../../../../src/storage/events';
import { parseDraft } from '../../../../src/storage/events';
import { newId } from '../../../../src/storage/ids';
import { JOURNAL_START, readJournal } from '../../../../src/storage/journal/journalReader';
import { StorePaths } from '../../../../src/storage/paths';
import type { RunPaths } from '../../../../src/storage/paths';
import { openStore } from '../../../../src/storage/store/store';
import { liveness } from '../../../../src/supervisor/system/identity';
import { killTree } from '../../../../src/supervisor/system/processTree';
import type { RunBootstrap } from '../../../../src/supervisor/runnerProtocol/protocol';
import type { ProcessIdentity } from '../../../../src/supervisor/system/identitySchema';
import { PROTOCOL_VERSION } from '../../../../src/supervisor/runnerProtocol/protocol';
import { readClaim } from '../../../../src/supervisor/runnerProtocol/claimFile';
import { RunnerLauncher } from '../../../../src/supervisor/runs/runnerLauncher';
import type { RunnerClient } from '../../../../src/supervisor/runs/runnerClient';
import { connectRunner } from '../../../../src/supervisor/runs/runnerClient';
import { projectRoot } from '../../../support/project';
import { waitFor } from '../../../support/wait';
import type { HeldClaim } from '../../../../src/supervisor/runnerProtocol/claimFile';

/** For an answer, also on a slow machine. */
export const LIMIT_MS = 60_000;

export const runnerPath = join(projectRoot, 'dist/runner.js');
export const demoAgent = join(projectRoot, 'dist/demoAgent.js');

export function fixturePath(name: string): string {
  return join(projectRoot, 'test/fixtures/runner', name);
}

/** Program and arguments of an agent that runs the script `text`. */
export function script(text: string, ...parameters: string[]): string[] {
  return [process.execPath, '-e', text, '--', ...parameters];
}

export function launcherIn(storeRoot: string): RunnerLauncher {
  return new RunnerLauncher({ runnerPath, storeRoot, program: () => Promise.resolve(process.execPath) });
}

/** One run with a real runner in a store of its own. */
export class TestRun {
  readonly paths: RunPaths;
  readonly bootstrap: RunBootstrap;
  readonly #clients: RunnerClient[] = [];

  constructor(store: StorePaths, sessionId: string, bootstrap: RunBootstrap) {
    this.bootstrap = bootstrap;
    this.paths = store.session(sessionId).run(bootstrap.runId);
  }

  launch(environment = process.env, launcher = launcherIn(this.bootstrap.storeRoot)): Promise<HeldClaim> {
    return launcher.launch({ run: this.paths, bootstrap: this.bootstrap, environment });
  }

  async claim(): Promise<HeldClaim> {
    const claim = await readClaim(this.paths);
    if (claim?.state !== 'claimed') throw new Error('The run is not claimed');
    return claim;
  }

  /** The agent as runner.json names it. */
  agent(): Promise<ProcessIdentity> {
    return waitFor(async () => (await this.claim()).agent, { what: 'the agent in runner.json' });
  }

  async connect(): Promise<RunnerClient> {
    const client = await connectRunner({
      endpoint: (await this.claim()).endpoint,
      nonce: this.bootstrap.nonce,
      timeoutMs: LIMIT_MS,
    });
    this.#clients.push(client);
    return client;
  }

  async events(): Promise<DraftEvent[]> {
    const events: DraftEvent[] = [];
    let step = await readJournal(this.paths.events, JOURNAL_START, 1 << 26);
    for (;;) {
      if (step.damaged > 0) throw new Error('The journal is damaged');
      for (const record of step.records) {
        const draft = parseDraft(record.kind, record.data);
        if (draft === undefined) throw new Error(`No event: ${record.kind}`);
        events.push(draft);
      }
      if (step.atEnd) return events;
      step = await readJournal(this.paths.events, step.position, 1 << 26);
    }
  }

  async of<K extends EventKind>(kind: K): Promise<EventData<K>[]> {
    return (await this.events()).flatMap((event) => (event.kind === kind ? [event.data as EventData<K>] : []));
  }

  /** All text of `output` events of one stream. */
  async output(stream: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
    return (await this.of('output')).flatMap((data) => (data.stream === stream ? [data.text] : [])).join('\n');
  }

  /** The run's end, once its runner has ended too. */
  async end(): Promise<EventData<'run.exited'>> {
    const { runner } = await this.claim();
    await waitFor(async () => (await liveness(runner)) === 'dead', { what: 'the end of the runner' });
    const last = (await this.events()).at(-1);
    if (last?.kind !== 'run.exited') throw new Error(`The last event is ${String(last?.kind)}`);
    return last.data;
  }

  /** Ends every process of the run. */
  async dispose(): Promise<void> {
    for (const client of this.#clients) client.close();
    const claim = await readClaim(this.paths).catch(() => undefined);
    if (claim?.state !== 'claimed') return;
    if ((await liveness(claim.runner)) === 'alive') process.kill(claim.runner.pid, 'SIGKILL');
    await killTree({ runId: this.bootstrap.runId, agent: claim.agent });
    await rm(claim.endpoint, { force: true });
  }
}

export class RunnerFixture {
  readonly root: string;
  readonly store: StorePaths;
  readonly cwd: string;
  readonly #runs: TestRun[] = [];

  private constructor(root: string) {
    this.root = root;
    this.store = new StorePaths(join(root, "a store's “root”"));
    this.cwd = join(root, 'work tree\nwith a newline');
  }

  static async create(): Promise<RunnerFixture> {
    const fixture = new RunnerFixture(await realpath(await mkdtemp(join(tmpdir(), 'corral-runner-'))));
    await openStore(fixture.store.root);
    await mkdir(fixture.store.sessions, { recursive: true });
    await mkdir(fixture.cwd);
    return fixture;
  }

  /** A run of the driver `command` unless `changes` say otherwise; not launched yet. */
  async run(argv: string[], changes: Partial<RunBootstrap> = {}, store = this.store): Promise<TestRun> {
    const sessionId = newId();
    const bootstrap: RunBootstrap = {
      protocol: PROTOCOL_VERSION,
      sessionId,
      runId: newId(),
      ordinal: 1,
      agent: 'test',
      driver: 'command',
      argv,
      environment: [],
      cwd: this.cwd,
      prompt: 'Hello',
      permissionMode: 'ask',
      nonce: randomBytes(32).toString('hex'),
      tsFloor: new Date(0).toISOString(),
      storeRoot: store.root,
      stopGraceMs: 500,
      syncEveryEvent: false,
      ...changes,
    };
    const run = new TestRun(store, sessionId, bootstrap);
    await mkdir(run.paths.root, { recursive: true });
    this.#runs.push(run);
    return run;
  }

  async dispose(): Promise<void> {
    for (const run of this.#runs) await run.dispose();
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

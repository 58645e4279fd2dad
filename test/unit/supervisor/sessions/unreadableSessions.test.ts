import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { SessionPaths } from '../../../../src/storage/paths';
import { StorePaths } from '../../../../src/storage/paths';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { until, SupervisorFixture } from '../supervisorFixture';

type Spoil = (session: SessionPaths, runId: string) => Promise<void>;

const makePipe = async (path: string): Promise<void> => {
  await rm(path);
  await promisify(execFile)('mkfifo', [path]);
};
const makeFolder = async (path: string): Promise<void> => {
  await rm(path);
  await mkdir(path);
};
const makeLoop = async (path: string): Promise<void> => {
  await rm(path);
  await symlink(path, path);
};

const JOURNALS: Record<string, Spoil> = {
  'a folder is its journal': async (session) => await makeFolder(session.journal),
  'a folder is the journal of its run': async (session, runId) => await makeFolder(session.run(runId).events),
  'a link to itself is its journal': async (session) => await makeLoop(session.journal),
  'a file is the folder of its runs': async ({ runs }) => {
    await rename(runs, `${runs}.away`);
    await writeFile(runs, '');
  },
};
const PIPES: Record<string, Spoil> = {
  'a pipe is its journal': async (session) => await makePipe(session.journal),
  'a pipe is the journal of its run': async (session, runId) => await makePipe(session.run(runId).events),
};
/** Of these, everything can be read that the list of sessions needs. */
const HARMLESS: Record<string, Spoil> = {
  'a pipe is its run.json': async (session, runId) => await makePipe(session.run(runId).bootstrap),
  'a pipe is its claim': async (session, runId) => await makePipe(session.run(runId).claim),
  'a pipe is its timeline': async ({ timeline }) => {
    await rm(timeline, { force: true });
    await promisify(execFile)('mkfifo', [timeline]);
  },
  'its journal is noise': async ({ journal }) => await writeFile(journal, Buffer.alloc(50_000, 'x\ny\0z')),
};
const hasPipes = process.platform !== 'win32';

describe('sessions of which some cannot be read', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  /** A session for each way to spoil one, and a good one. Without the index, so that all are read. */
  async function spoiled(ways: Record<string, Spoil>): Promise<{ good: string; bad: Map<string, string> }> {
    const window = fixture.window();
    const paths = new StorePaths(fixture.storageDirectory);
    const bad = new Map<string, string>();
    const { id: good } = await fixture.completedSession(window, 'talk about needles');
    const entries = Object.entries(ways);
    const made = await Promise.all(
      entries.map(async () => await fixture.completedSession(window, 'talk about needles')),
    );
    await fixture.close(window);
    for (const [index, [name, spoil]] of entries.entries()) {
      const session = made[index];
      assert.ok(session?.currentRunId !== undefined);
      await spoil(paths.session(session.id), session.currentRunId);
      bad.set(name, session.id);
    }
    await rm(paths.catalog, { force: true });
    return { good, bad };
  }

  /** Everything that a person can ask of the whole store answers, and finds the good session. */
  async function assertAllAnswers(window: Supervisor, good: string): Promise<void> {
    await window.whenRecovered();
    const worktrees = await (await window.inventory()).list();
    assert.ok(worktrees.some(({ sessionId }) => sessionId === good));
    assert.ok(
      worktrees.every(({ kind }) => kind !== 'stray'),
      'a session that cannot be read is no stray',
    );
    const found = new Set<string>();
    for await (const { sessionId } of window.searchHistory('needles')) found.add(sessionId);
    assert.ok(found.has(good));
    const target = join(fixture.storageDirectory, 'export.md');
    await window.exportSession(good, 'markdown', target);
    assert.match(await readFile(target, 'utf8'), /needles/);
    const archive = await window.archive();
    const report = await archive.check();
    assert.ok(report.sessions > 1, JSON.stringify(report));
    assert.ok((await archive.measure()).length > 1);
    const next = await window.createSession({ repository: fixture.repository.path, prompt: 'talk', agent: 'demo' });
    await until(window, next.id, ({ status }) => status === 'Completed', 'another session');
  }

  it('are shown with the reason, and keep no command from its answer (C3)', async () => {
    const { good, bad } = await spoiled({ ...JOURNALS, ...(hasPipes ? PIPES : {}) });
    const window = fixture.window();
    await assertAllAnswers(window, good);
    for (const [name, id] of bad) {
      const session = await window.getSession(id);
      assert.ok(session.unreadable !== undefined, name);
      await assert.rejects(window.renameSession(id, 'x'), { code: 'STORE_FAILED' }, name);
      await assert.rejects(window.resume(id), name);
    }
    const report = await (await window.archive()).check();
    assert.ok(report.findings.length >= bad.size, report.findings.join('\n'));
  });

  it('hold up nothing by pipes in the place of files that are read now and then (C4)', async function () {
    const { good, bad } = await spoiled(hasPipes ? HARMLESS : {});
    const window = fixture.window();
    await assertAllAnswers(window, good);
    for (const id of bad.values()) {
      await window.getConversation(id);
      await window.deleteSession(id).catch(() => undefined);
    }
    await assertAllAnswers(window, good);
  });

  it('are read again when they can be (C3)', async () => {
    const { bad } = await spoiled({
      'its journal is away': async ({ journal }) => {
        await rename(journal, `${journal}.away`);
        await mkdir(journal);
      },
    });
    const [id = ''] = bad.values();
    const window = fixture.window();
    await window.whenRecovered();
    assert.ok((await window.getSession(id)).unreadable !== undefined);
    const { journal } = new StorePaths(fixture.storageDirectory).session(id);
    await rm(journal, { recursive: true });
    await rename(`${journal}.away`, journal);
    await window.renameSession(id, 'read again');
    const { unreadable, title, status } = await window.getSession(id);
    assert.deepEqual([unreadable, title, status], [undefined, 'read again', 'Completed']);
  });
});

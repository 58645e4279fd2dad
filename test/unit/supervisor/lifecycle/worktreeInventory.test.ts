import assert from 'node:assert/strict';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { newId } from '../../../../src/storage/ids';
import type { SessionSummary } from '../../../../src/supervisor/api';
import { findRepository } from '../../../../src/supervisor/git/repository';
import { createWorktree, planWorktree } from '../../../../src/supervisor/git/worktrees/worktreeCreation';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { programsStartedBy } from '../../../support/startedPrograms';
import { isThere, readAll, write } from '../git/gitFixture';
import { until, SupervisorFixture } from '../supervisorFixture';

describe('the inventory of worktrees', () => {
  let fixture: SupervisorFixture;
  let window: Supervisor;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    await fixture.repository.commit('Ignore', { '.gitignore': 'node_modules/\ntarget/\n*.log\n' });
    window = fixture.window();
  });
  afterEach(async () => {
    await fixture.end();
  });

  async function finished(prompt: string): Promise<SessionSummary> {
    const { id } = await window.createSession({ repository: fixture.repository.path, prompt, agent: 'demo' });
    return await until(window, id, ({ status }) => status === 'Completed', 'the end');
  }
  /** A worktree of a store that belongs to no session. */
  const byPath = (a: { path: string }, b: { path: string }): number => a.path.localeCompare(b.path);
  async function stray(storeId: string, title?: string): Promise<{ sessionId: string; path: string }> {
    const repository = await findRepository(window.git, fixture.repository.path);
    const sessionId = newId();
    const baseCommit = await fixture.repository.git('rev-parse', 'HEAD');
    const { path } = await createWorktree(
      planWorktree(repository, { sessionId, storeId }, 'inside', title),
      baseCommit,
    );
    return { sessionId, path };
  }
  const ownStore = async (): Promise<string> =>
    v.parse(
      v.object({ id: v.string() }),
      JSON.parse(await readFile(join(fixture.storageDirectory, 'store.json'), 'utf8')),
    ).id;

  it('says how large each is and what it holds, and drops only what tools fill again', async () => {
    const session = await finished('edit notes.txt hello');
    const at = (path: string): string => join(session.worktreePath, path);
    await write(session.worktreePath, {
      'node_modules/a/index.js': 'x'.repeat(50_000),
      'target/own/work.rs': 'precious',
      'package.json': '{}',
      'Cargo.toml': '',
      'debug.log': 'l',
    });
    await fixture.repository.git('init', '--quiet', at('target/own'));
    const inventory = await window.inventory();
    const [entry, ...others] = await inventory.list();
    assert.ok(entry !== undefined && others.length === 0);
    assert.deepEqual(
      [entry.kind, entry.path, entry.generated.map(({ name, bytes }) => [name, bytes])],
      ['worktree', session.worktreePath, [['node_modules', 50_000]]],
    );
    assert.ok(entry.bytes > 50_000);
    assert.ok(entry.summary !== 'unknown' && entry.summary.untrackedFiles === 3);
    assert.equal(await inventory.removeGenerated(session.id), 50_000);
    assert.deepEqual(
      await Promise.all(
        ['node_modules', 'target/own/work.rs', 'debug.log', 'notes.txt'].map(async (path) => await isThere(at(path))),
      ),
      [false, true, true, true],
    );
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'slow 4000 50ms',
      agent: 'demo',
    });
    await until(window, id, ({ state }) => state === 'running', 'the run');
    await assert.rejects(inventory.removeGenerated(id), { code: 'RUNNING' });
  });

  it('lists what could not be removed of a deleted worktree, and tries again when it is asked to (D4)', async () => {
    const session = await finished('edit notes.txt hello');
    await window.deleteSession(session.id);
    await fixture.close(window);
    const left = join(
      fixture.repository.path,
      `.corral/trash/${basename(session.worktreePath)}.${Date.now() - 60_000}`,
    );
    await write(left, { 'deep/late.txt': 'written while it was deleted' }); // newer than what may be removed
    window = fixture.window();
    const inventory = await window.inventory();
    const [entry, ...others] = await inventory.list();
    assert.deepEqual([entry?.kind, entry?.path, entry?.bytes, others.length], ['leftover', left, 28, 0]);
    const kept = await inventory.removeLeftovers(session.id);
    assert.deepEqual(kept, [`${join(left, 'deep/late.txt')}: in use, or written while it was deleted`]);
    assert.deepEqual((await inventory.list())[0]?.notCaptured, kept);
    await rm(join(left, 'deep/late.txt'));
    assert.deepEqual([await inventory.removeLeftovers(session.id), await inventory.list()], [[], []]);
  });

  it('finds strays of its own store after a start, removes one but not its work, and never looks at those of another', async () => {
    await finished('talk');
    const own = await stray(await ownStore(), 'Greet everyone');
    const older = await stray(await ownStore()); // named by its id alone, as by earlier versions
    const foreign = await stray('another');
    await fixture.repository.git(
      'worktree',
      'add',
      '--quiet',
      '--detach',
      join(fixture.repository.path, '.corral/worktrees', newId()),
    );
    await writeFile(join(own.path, 'work.txt'), 'precious');
    await fixture.close(window);
    window = fixture.window();
    const inventory = await window.inventory();
    const strays = await inventory.strays();
    assert.deepEqual(
      strays.map(({ sessionId, kind, path }) => ({ sessionId, kind, path })).sort(byPath),
      [
        { ...own, kind: 'stray' },
        { ...older, kind: 'stray' },
      ].sort(byPath),
    );
    assert.equal((await inventory.list()).length, 3);
    const entry = strays.find(({ path }) => path === own.path);
    assert.ok(entry !== undefined);
    const another = { ...entry, worktree: { ...entry.worktree, ...foreign } };
    await assert.rejects(inventory.removeUnused(another), { code: 'WORKTREE_NOT_OURS' });
    const removed = await inventory.removeUnused(entry);
    assert.deepEqual(removed.kept, []);
    assert.equal(await isThere(own.path), false);
    assert.equal(await fixture.repository.git('show', `refs/corral/${own.sessionId}:work.txt`), 'precious');
    await assert.rejects(async () => await inventory.removeUnused(entry), { code: 'WORKTREE_MISSING' });
    await removed.restore();
    assert.equal(await readFile(join(own.path, 'work.txt'), 'utf8'), 'precious');
    assert.ok(await isThere(join(foreign.path, 'README.md')));
    assert.equal((await readdir(join(fixture.repository.path, '.corral/worktrees'))).length, 5);
  });

  it("leaves a person's own worktree alone, though its folder is away during a start", async () => {
    const session = await finished('edit notes.txt hello');
    // In the folder of ours and named like ours: only the lock tells them apart.
    const own = join(fixture.repository.path, '.corral/worktrees', newId());
    const away = join(fixture.storageDirectory, 'away');
    await fixture.repository.git('worktree', 'add', '--quiet', '-b', 'own', own);
    await write(own, { 'README.md': 'changed\n', 'work.txt': 'precious', 'node_modules/a/index.js': 'x' });
    // Git sorts its list by path and ids are random, so any entry may be the last, which ends differently.
    const registration = async (): Promise<string | undefined> => {
      const entries = (await fixture.repository.git('worktree', 'list', '--porcelain')).trimEnd().split('\n\n');
      return entries.find((entry) => entry.startsWith(`worktree ${own}\n`));
    };
    const [files, registered] = [await readAll(own), await registration()];
    assert.ok(registered !== undefined);
    await fixture.close(window);
    await rename(own, away);
    window = fixture.window();
    const inventory = await window.inventory();
    const listed = async (): Promise<string[]> => (await inventory.list()).map(({ path }) => path);
    assert.deepEqual(await listed(), [session.worktreePath]);
    // Making and removing worktrees must not make git forget others.
    await finished('talk');
    await window.deleteSession(session.id);
    await rename(away, own);
    assert.equal((await listed()).includes(own), false);
    assert.deepEqual(await readAll(own), files);
    assert.equal(await registration(), registered);
    assert.equal(await fixture.repository.git('-C', own, 'status', '--porcelain'), ' M README.md\n?? work.txt');
  });

  it('starts no git after a start if there is nothing to find', async () => {
    await finished('talk');
    await fixture.close(window);
    const programs = await programsStartedBy(async () => {
      window = fixture.window();
      const inventory = await window.inventory();
      assert.deepEqual(await inventory.strays(), []);
    });
    assert.equal(programs.includes('git'), false);
  });
});

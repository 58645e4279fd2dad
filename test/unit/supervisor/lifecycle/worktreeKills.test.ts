import assert from 'node:assert/strict';
import { chmod, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Runnable } from 'mocha';
import { after, before, describe, it } from 'mocha';
import { bundleFixtures } from '../../../support/project';
import { Random } from '../../../support/random';
import { killDuringChange } from '../../../support/worktreeChanger';
import { readAll, write } from '../git/gitFixture';
import { until, SupervisorFixture } from '../supervisorFixture';

/** `npm run test:worktrees` kills a hundred windows; every day a few are enough. */
const KILLS = Number(process.env['CORRAL_WORKTREE_KILLS'] ?? 2);
/** The moments of the kills depend on it, and on how fast the machine is. */
const SEED = Number(process.env['CORRAL_KILL_SEED'] ?? 20_261_121);

describe(`windows that are killed while they change a worktree (seed ${SEED})`, function () {
  this.timeout(60_000 + KILLS * 60_000);
  let fixture: SupervisorFixture;
  let bundle = '';
  const random = new Random(SEED);
  before(async () => {
    fixture = await SupervisorFixture.create();
    bundle = await bundleFixtures('supervisor/worktreeChanger.ts');
  });
  after(async () => {
    await fixture.end();
    await rm(bundle, { recursive: true });
  });

  /** How long each action takes, learned from those that ended before their kill. */
  const durationMs = { create: 1_000, snapshot: 1_000, delete: 1_000, undo: 1_000 };

  /** Kills a window's process at a random moment of an action. Resolves with false if the action ended first. */
  async function killDuring(action: keyof typeof durationMs, subject: string): Promise<boolean> {
    const change = { bundle, storageDirectory: fixture.storageDirectory, action, subject };
    const tookMs = await killDuringChange(change, random.next() * durationMs[action]);
    if (tookMs !== undefined) durationMs[action] = tookMs;
    return tookMs === undefined;
  }

  /** A new window, once it has finished or undone what the killed one left. */
  async function recovered() {
    await fixture.close(fixture.window());
    const window = fixture.window();
    await window.whenReady();
    return window;
  }

  /** Git's files of a checkout that only its user, or the agent in it, may change. */
  async function gitState(folder: string): Promise<string[]> {
    const git = await fixture.repository.git('-C', folder, 'rev-parse', '--absolute-git-dir');
    return await Promise.all(
      ['index', 'HEAD', 'logs/HEAD'].map(async (name) => await readFile(join(git, name), 'latin1')),
    );
  }

  /** Adds the number of kills to the test's title in the report. */
  function report(test: Runnable | undefined, cuts: Readonly<Record<string, number>>): void {
    const figures = Object.entries(cuts).map(([action, count]) => `${count} in ${action}`);
    if (test !== undefined) test.title += ` (killed: ${figures.join(', ')})`;
  }

  it(`lose nothing of a session that is snapshotted, deleted and restored, ${KILLS} times each`, async function () {
    const { repository } = fixture;
    const first = fixture.window();
    const { id } = await first.createSession({
      repository: repository.path,
      prompt: 'edit notes.txt precious; run git commit --allow-empty -m agent',
      agent: 'demo',
      permissionMode: 'all',
    });
    const { worktreePath } = await until(first, id, ({ status }) => status === 'Completed', 'the end');
    await fixture.close(first);
    await write(worktreePath, { 'new/file': 'n\r\n', 'README.md': 'changed\n' });
    await chmod(join(worktreePath, 'new/file'), 0o755);
    if (process.platform !== 'win32') await symlink('new', join(worktreePath, 'link'));
    const users = await gitState(repository.path);
    const cuts = { snapshot: 0, delete: 0, undo: 0 };
    for (let round = 0; Math.min(...Object.values(cuts)) < KILLS; round++) {
      await write(worktreePath, { 'round.txt': `${round}\n` });
      const [files, agents] = [await readAll(worktreePath), await gitState(worktreePath)];
      if (await killDuring('snapshot', id)) cuts.snapshot++;
      let window = await recovered();
      const { commit } = await (await window.worktree(id)).takeSnapshot();
      await fixture.close(window);
      assert.equal(await repository.git('show', `${commit}:round.txt`), `${round}`);
      assert.deepEqual(await gitState(worktreePath), agents, `round ${round}`);
      if (await killDuring('delete', id)) cuts.delete++;
      window = await recovered();
      if (!(await window.getSession(id)).deleted) await window.deleteSession(id);
      await fixture.close(window);
      if (await killDuring('undo', id)) cuts.undo++;
      window = await recovered();
      if ((await window.getSession(id)).deleted) await window.undoDelete(id);
      await fixture.close(window);
      assert.deepEqual(await readAll(worktreePath), files, `round ${round}`);
      assert.deepEqual(await gitState(repository.path), users, `round ${round}`);
    }
    await repository.git('fsck', '--strict');
    report(this.test, cuts);
  });

  it(`leave no half-made worktree that nobody knows of, ${KILLS} times`, async function () {
    const { path, git } = { path: fixture.repository.path, git: fixture.repository.git.bind(fixture.repository) };
    const users = await gitState(path);
    const cuts = { create: 0 };
    for (let round = 0; cuts.create < KILLS; round++) {
      if (await killDuring('create', path)) cuts.create++;
      const window = await recovered();
      const sessions = await window.listSessions();
      const present = new Set(await readdir(join(path, '.corral/worktrees')).catch(() => []));
      for (const { worktreePath, runs } of sessions)
        assert.equal(
          present.has(basename(worktreePath)),
          runs.length > 0,
          `round ${round}: a worktree exactly where there is something to run in`,
        );
      const known = sessions.map(({ worktreePath }) => basename(worktreePath));
      assert.deepEqual(
        [...present].filter((name) => !known.includes(name)),
        [],
      );
      const listed = (await git('worktree', 'list', '--porcelain'))
        .split('\n')
        .filter((line) => line.startsWith('worktree '));
      assert.equal(listed.length, present.size + 1);
      const refs = (await git('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/corral'))
        .split('\n')
        .filter((ref) => ref !== '');
      assert.deepEqual(refs.toSorted(), [...present].map((name) => name.slice(name.lastIndexOf('-') + 1)).toSorted());
      await fixture.close(window);
    }
    assert.deepEqual(await gitState(path), users);
    await git('fsck', '--strict');
    report(this.test, cuts);
  });
});

import assert from 'node:assert/strict';
import { lstat, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readdirIfExists } from '../../../../../src/common/readdirIfExists';
import { StorePaths } from '../../../../../src/storage/paths';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import { listSpares } from '../../../../../src/supervisor/lifecycle/spares/spareRecords';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { readAll, write } from '../../git/gitFixture';
import { SupervisorFixture } from '../../supervisorFixture';

describe('a worktree that is ready before its session', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => (fixture = await SupervisorFixture.create()));
  afterEach(async () => fixture.end());

  const entries = (): string => join(fixture.repository.path, '.git', 'worktrees');
  const spares = async () => await listSpares(new StorePaths(fixture.storageDirectory));

  async function create(window: Supervisor): Promise<SessionSummary> {
    return await window.createSession({
      repository: fixture.repository.path,
      prompt: 'Print nothing',
      agent: 'command',
      argv: [process.execPath, '-e', ''],
    });
  }

  async function prepare(window: Supervisor): Promise<string> {
    await window.prepareSession({ repository: fixture.repository.path });
    const found = await spares();
    assert.deepEqual(
      found.map(({ state }) => state),
      ['ready'],
      fixture.logged.join('\n'),
    );
    return found[0]?.record.path ?? '';
  }

  const inode = async (folder: string, name = 'README.md'): Promise<bigint> =>
    (await lstat(join(folder, name), { bigint: true })).ino;

  /** All that git keeps of a worktree, without what differs between any two. */
  async function entryOf({ worktreePath, id }: SessionSummary): Promise<Record<string, string>> {
    const folder = join(entries(), basename(worktreePath));
    const files: Record<string, string> = {};
    for (const name of await readdir(folder, { recursive: true }))
      if (name !== 'index' && (await stat(join(folder, name))).isFile())
        files[name] = (await readFile(join(folder, name), 'utf8')).replaceAll(id, 'ID').replace(/> \d+ /, '> TIME ');
    return files;
  }

  it('is taken as it is, and is then as git makes any other', async () => {
    const { repository } = fixture;
    await repository.commit('More', { 'src/a.txt': 'a\n', '.gitignore': 'out/\n' });
    const window = fixture.window();
    const ordinary = await create(window);
    const spare = await prepare(window);
    assert.match(await repository.git('worktree', 'list', '--porcelain'), /locked corral /);
    await repository.git('worktree', 'prune', '--expire=now');
    assert.equal((await window.listSessions()).length, 1);
    assert.equal((await (await window.inventory()).list()).length, 1);
    assert.equal(await repository.git('status', '--porcelain'), '');
    const made = await inode(spare);
    const session = await create(window);
    assert.equal(await inode(session.worktreePath), made);
    assert.deepEqual(await entryOf(session), await entryOf(ordinary));
    assert.deepEqual(await readAll(session.worktreePath), await readAll(ordinary.worktreePath));
    assert.equal(await repository.git('-C', session.worktreePath, 'status', '--porcelain', '--ignored'), '');
    assert.deepEqual(await spares(), []);
    assert.deepEqual(await readdirIfExists(join(repository.path, '.corral', 'spares')), []);
    assert.deepEqual(
      (await readdir(entries())).sort(),
      [ordinary, session].map((s) => basename(s.worktreePath)).sort(),
    );
    await window.deleteSession(session.id);
    await window.undoDelete(session.id);
    assert.deepEqual(await readAll(session.worktreePath), await readAll(ordinary.worktreePath));
  });

  it('goes along with a base that moved, before it is taken and as it is taken', async () => {
    const { repository } = fixture;
    const window = fixture.window();
    const spare = await prepare(window);
    const made = await inode(spare);
    await repository.commit('Second', { 'second.txt': '2\n' });
    assert.equal(await prepare(window), spare);
    assert.equal(await readFile(join(spare, 'second.txt'), 'utf8'), '2\n');
    await repository.commit('Third', { 'second.txt': '3\n' });
    const session = await create(window);
    assert.equal(await inode(session.worktreePath), made);
    assert.equal(await readFile(join(session.worktreePath, 'second.txt'), 'utf8'), '3\n');
    assert.equal(session.baseCommit, await repository.git('rev-parse', 'HEAD'));
    assert.deepEqual(await entryOf(session), await entryOf(await create(window)), 'no older commit is kept');
    assert.equal(await repository.git('-C', session.worktreePath, 'status', '--porcelain'), '');
  });

  it('is made once by two windows, and taken by one session of several', async () => {
    const windows = [fixture.window(), fixture.window()] as const;
    const { path } = fixture.repository;
    await Promise.all(windows.map(async (window) => await window.prepareSession({ repository: path })));
    const [spare, ...others] = await spares();
    assert.equal(others.length, 0);
    const made = await inode(spare?.record.path ?? '');
    const sessions = await Promise.all([...windows, ...windows].map(async (window) => await create(window)));
    const inodes = await Promise.all(sessions.map(async ({ worktreePath }) => await inode(worktreePath)));
    assert.equal(inodes.filter((each) => each === made).length, 1);
    assert.equal(new Set(inodes).size, sessions.length);
    assert.deepEqual(await spares(), []);
  });

  it('is waited for by a session that is begun while it is made', async () => {
    const window = fixture.window();
    const preparing = window.prepareSession({ repository: fixture.repository.path });
    const session = await create(window);
    await preparing;
    assert.equal(await repositoryStatus(session), '');
    assert.deepEqual(await readdir(entries()), [basename(session.worktreePath)]);
  });

  const repositoryStatus = async ({ worktreePath }: SessionSummary): Promise<string> =>
    await fixture.repository.git('-C', worktreePath, 'status', '--porcelain');

  it('is not taken with work in it, which becomes a worktree of no session', async () => {
    const window = fixture.window();
    const spare = await prepare(window);
    await write(spare, { 'mine.txt': 'precious\n' });
    const session = await create(window);
    assert.equal(await repositoryStatus(session), '');
    const inventory = await window.inventory();
    assert.equal((await inventory.spares.measure()).count, 1);
    await inventory.spares.clear();
    assert.deepEqual(await inventory.spares.measure(), { count: 0, bytes: 0 });
    const [stray] = await inventory.strays();
    assert.ok(stray?.summary !== 'unknown' && stray?.summary.untrackedFiles === 1);
    assert.equal(await readFile(join(stray.path, 'mine.txt'), 'utf8'), 'precious\n');
    assert.deepEqual((await inventory.removeUnused(stray)).kept, []);
  });

  it('is not made where a filter would run, where it is turned off, or in a workspace that is not trusted', async () => {
    const { repository } = fixture;
    const { path } = repository;
    const untrusted = fixture.window({ isTrusted: () => false });
    await assert.rejects(untrusted.prepareSession({ repository: path }), { code: 'UNTRUSTED' });
    await fixture.window({ changes: { worktreesSpare: false } }).prepareSession({ repository: path });
    await repository.git('config', 'filter.big.smudge', 'cat');
    await repository.commit('Filtered', { '.gitattributes': '*.bin filter=big\n', 'a.bin': 'a' });
    await fixture.window().prepareSession({ repository: path });
    assert.deepEqual(await spares(), []);
    assert.deepEqual(await readdirIfExists(entries()), []);
  });

  it('is not taken once settings or attributes would make other files', async () => {
    const { repository } = fixture;
    const window = fixture.window();
    await prepare(window);
    await repository.git('config', 'core.autocrlf', 'true');
    const converted = await create(window);
    assert.match(await readFile(join(converted.worktreePath, 'README.md'), 'utf8'), /\r\n/);
    const spare = await prepare(window);
    assert.match(await readFile(join(spare, 'README.md'), 'utf8'), /\r\n/, 'made anew');
    await repository.commit('Attributes', { '.gitattributes': '*.md eol=lf\n' });
    const attributed = await create(window);
    assert.doesNotMatch(await readFile(join(attributed.worktreePath, 'README.md'), 'utf8'), /\r\n/);
  });

  it('is removed when nobody takes it for long, when it is turned off, or where a window was ended meanwhile', async () => {
    const paths = new StorePaths(fixture.storageDirectory);
    const left = async (): Promise<string[]> => [
      ...(await spares()).map(({ state }) => state),
      ...(await readdirIfExists(entries())),
    ];
    const restart = async (changes = {}): Promise<void> => {
      const window = fixture.window({ changes });
      await window.whenRecovered();
      await fixture.close(window);
    };
    const first = fixture.window();
    await prepare(first);
    await restart();
    assert.equal((await left()).length, 2, 'it waits for the next window');
    const [listed] = await spares();
    assert.ok(listed !== undefined);
    const file = join(paths.spares, `${listed.record.spareId}.ready.json`);
    const long = Date.now() / 1_000 - 8 * 24 * 3_600;
    await utimes(file, long, long);
    await restart();
    assert.deepEqual(await left(), []);
    await prepare(first);
    await restart({ worktreesSpare: false });
    assert.deepEqual(await left(), []);
    const { record } = listed;
    await writeFile(join(paths.spares, `${record.spareId}.busy.json`), JSON.stringify({ version: 1, ...record }));
    await restart();
    assert.deepEqual(await left(), []);
  });
});

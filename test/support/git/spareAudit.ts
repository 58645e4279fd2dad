/** What has to hold of worktrees that are ready before their sessions, whatever happened to the windows. */
import assert from 'node:assert/strict';
import { lstat, readFile, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readdirIfExists } from '../../../src/common/readdirIfExists';
import { isId } from '../../../src/storage/ids';
import type { StorePaths } from '../../../src/storage/paths';
import { listSpares } from '../../../src/supervisor/lifecycle/spares/spareRecords';
import type { TestRepository } from '../repository';

const LONG_AGO = new Date(0);

/** Lets the next window see that what a killed one was writing is of none that lives. */
export async function ageUnfinishedRecords(paths: StorePaths): Promise<void> {
  for (const name of await readdirIfExists(paths.spares))
    if (name.endsWith('.tmp')) await utimes(join(paths.spares, name), LONG_AGO, LONG_AGO);
}

/**
 * To be called while no window is at work, with all sessions of the store. Resolves with the number of spares.
 *
 * @throws where a spare is half made, left over or given twice, or a worktree, an entry of git or a ref has no owner
 */
export async function auditSpares(
  paths: StorePaths,
  repository: TestRepository,
  sessions: readonly { id: string; worktreePath: string; deleted: boolean }[],
): Promise<number> {
  const spares = await listSpares(paths);
  assert.ok(
    spares.every(({ state }) => state === 'ready'),
    'a spare is half made',
  );
  const records = (await readdirIfExists(paths.spares)).filter((name) => !/\.lock\.\d+$/.test(name));
  assert.deepEqual(records.sort(), spares.map(({ record }) => `${record.spareId}.ready.json`).sort());
  const owners = new Map<string, string>();
  for (const { record } of spares) owners.set(record.path, record.spareId);
  for (const id of (await readdirIfExists(paths.sessions)).filter(isId))
    assert.ok(!(await readdirIfExists(paths.session(id).root)).includes(basename(paths.session(id).spare)));
  for (const { id, worktreePath, deleted: isDeleted } of sessions) {
    if (isDeleted || (await readdirIfExists(worktreePath)).length === 0) continue;
    assert.ok(!owners.has(worktreePath), `${worktreePath} was given twice`);
    owners.set(worktreePath, id);
  }
  const folders = [...owners.keys()];

  const git = join(repository.path, '.git', 'worktrees');
  // That of a deleted session stays until its trash is emptied.
  const deleted = new Set(sessions.flatMap((each) => (each.deleted ? [basename(each.worktreePath)] : [])));
  const entries = (await readdirIfExists(git)).filter((name) => !deleted.has(name));
  assert.deepEqual(entries.sort(), folders.map((path) => basename(path)).sort());
  for (const place of ['spares', 'worktrees']) {
    const root = join(repository.path, '.corral', place);
    const names = (await readdirIfExists(root)).map((name) => join(root, name));
    assert.deepEqual(names.sort(), folders.filter((path) => path.startsWith(root)).sort());
  }
  const refs = await repository.git('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/corral');
  const known = new Set(sessions.map(({ id }) => id));
  assert.deepEqual(
    refs.split('\n').filter((id) => id !== '' && !known.has(id)),
    [],
    'a ref of nobody',
  );

  const inodes = await Promise.all(folders.map(async (path) => (await lstat(join(path, 'README.md'))).ino));
  assert.equal(new Set(inodes).size, inodes.length, 'files were given twice');
  for (const [path, owner] of owners) {
    assert.equal(await repository.git('-C', path, 'status', '--porcelain', '--ignored'), '', path);
    const lock = await readFile(join(git, basename(path), 'locked'), 'utf8');
    assert.ok(lock.startsWith('corral ') && lock.includes(owner), `${path} is locked as ${lock}`);
  }
  return spares.length;
}

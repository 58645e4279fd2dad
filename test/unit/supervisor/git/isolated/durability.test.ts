import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { Git } from '../../../../../src/supervisor/git/git';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { moveToTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { GitFixture, write } from '../gitFixture';
import { skip } from '../../../../support/skip';

/** Git behind `strace`, which notes each sync and each rename with the paths. */
describe('what a snapshot writes', function () {
  let fixture: GitFixture;
  let program = '';
  let log = '';
  before(async function () {
    if (process.platform !== 'linux') skip(this, 'strace is a program of Linux');
    const isTraced = await promisify(execFile)('strace', ['-f', '-o', '/dev/null', 'true']).then(
      () => true,
      () => false,
    );
    if (!isTraced) skip(this, 'strace is not installed, or may not trace here');
    fixture = await GitFixture.create();
    [program, log] = [join(fixture.root, 'traced git'), join(fixture.root, 'trace')];
    const calls = 'trace=fsync,fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat';
    await writeFile(program, `#!/bin/sh\nexec strace -f -qq -y -s 4096 -A -o '${log}' -e ${calls} git "$@"\n`, {
      mode: 0o755,
    });
  });
  after(async () => fixture.remove());

  /** The files below objects and the ref that got their names in the trace, and whether each was synced before. */
  async function namedFiles(): Promise<{ name: string; isSynced: boolean }[]> {
    const synced = new Set<string>();
    const named: { name: string; isSynced: boolean }[] = [];
    for (const line of (await readFile(log, 'utf8')).split('\n')) {
      const sync = /\b(?:fsync|fdatasync)\(\d+<(.*)>\) *= 0/.exec(line);
      if (sync !== null) synced.add(sync[1] ?? '');
      const naming = /\b(?:rename|link)\w*\(.*?"(.*?)", .*?"(.*?)".*= 0$/.exec(line);
      const [from, to] = [naming?.[1] ?? '', naming?.[2] ?? ''];
      if (/\/objects\/(\w\w|pack)\/|refs\/corral\//.test(to)) named.push({ name: to, isSynced: synced.has(from) });
    }
    return named;
  }

  it('is synced before a folder is emptied, each object by itself, and the ref (A6)', async () => {
    const session = await fixture.freshSession({ 'a.txt': 'a\n' });
    const repository = { ...session.repository, git: new Git(fixture.processes.run, { program }) };
    await write(session.path, { 'a.txt': 'changed\n', 'new/b.txt': 'b\n', 'new/c.txt': 'c\r\n' });
    await writeFile(log, '');
    await moveToTrash({ ...session, repository });
    const named = await namedFiles();
    assert.ok(named.filter(({ name }) => name.includes('/objects/')).length >= 5, JSON.stringify(named));
    assert.ok(named.some(({ name }) => name.endsWith(`refs/corral/${session.sessionId}`)));
    assert.deepEqual(
      named.filter(({ isSynced }) => !isSynced),
      [],
    );
  });

  it('is synced in an ordinary snapshot too, by one sync for many objects (A6)', async () => {
    const session = await fixture.freshSession({ 'a.txt': 'a\n' });
    const repository = { ...session.repository, git: new Git(fixture.processes.run, { program }) };
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`file${index}.txt`, `${index}\n`]));
    await write(session.path, many);
    await writeFile(log, '');
    const { commit } = await takeSnapshot({ ...session, repository }, 'turn');
    const trace = await readFile(log, 'utf8');
    const count = (call: RegExp): number => trace.match(call)?.length ?? 0;
    const objects = (await readdir(join(repository.commonDirectory, 'objects'))).length;
    assert.ok(objects > 50);
    assert.ok(count(/\bsync_file_range\(/g) >= 50, 'each object is handed to the disk');
    assert.ok(count(/\bfsync\(/g) >= 3 && count(/\bfsync\(/g) < 20, `${count(/\bfsync\(/g)} syncs`);
    assert.match(trace, new RegExp(`refs/corral/${session.sessionId}`));
    assert.match(commit, /^[0-9a-f]{40}$/);
  });
});

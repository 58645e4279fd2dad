import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { link, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, afterEach, before, describe, it } from 'mocha';
import { publishOnce, readPublished, replacePublished } from '../../../../src/storage/journal/publishedFile';
import { bundleFixtures } from '../../../support/project';
import { ExfatDisk } from '../../../support/exfatDisk';
import { skip } from '../../../support/skip';
import { SupervisorFixture, until } from '../supervisorFixture';

const run = promisify(execFile);
const PROCESSES = 6;
const INCREMENTS = 15;

describe('a store on a disk without hard links', () => {
  let disk: ExfatDisk | undefined;
  let bundles = '';
  let fixture: SupervisorFixture | undefined;
  before(async () => {
    bundles = await bundleFixtures('runner/lockHolder.ts', 'storage/storeOpener.ts');
    disk = await ExfatDisk.mount().catch(() => undefined);
  });
  afterEach(async () => {
    await fixture?.end();
    fixture = undefined;
  });
  after(async () => {
    await disk?.unmount();
    await rm(bundles, { recursive: true });
  });

  function requireDisk(context: Mocha.Context): ExfatDisk {
    return disk ?? skip(context, 'no exFAT disk can be mounted here');
  }

  it('makes each file once, and complete (F6)', async function () {
    const folder = await mkdtemp(join(requireDisk(this).path, 'published-'));
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(link(join(folder, 'file'), join(folder, 'linked')));
    const path = join(folder, 'claim.json');
    const made = await Promise.all(Array.from({ length: 8 }, async (_, index) => publishOnce(path, String(index))));
    assert.equal(made.filter(Boolean).length, 1);
    assert.equal(await readPublished(path), String(made.indexOf(true)));
    await replacePublished(path, 'more');
    assert.equal(await readPublished(path), 'more');
    assert.equal(await publishOnce(path, 'late'), false);
    assert.equal(await publishOnce(join(folder, 'file'), 'late'), false, 'a file of before counts, too');
    assert.deepEqual((await readdir(folder)).sort(), ['claim.json', 'file']);
  });

  it('lets one of several processes in at a time (F6)', async function () {
    const name = join(await mkdtemp(join(requireDisk(this).path, 'lock-')), 'a session');
    await writeFile(`${name}.counter`, '0');
    const holder = [join(bundles, 'lockHolder.js'), 'count', name, String(INCREMENTS)];
    await Promise.all(Array.from({ length: PROCESSES }, async () => run(process.execPath, holder)));
    assert.equal(await readFile(`${name}.counter`, 'utf8'), String(PROCESSES * INCREMENTS));
  });

  it('runs, deletes, restores and resumes sessions in two windows (F6)', async function () {
    const storageDirectory = join(requireDisk(this).path, 'store');
    fixture = await SupervisorFixture.create();
    const [window, other] = [fixture.window({ storageDirectory }), fixture.window({ storageDirectory })];
    const { id, worktreePath } = await fixture.completedSession(window);
    await until(other, id, ({ status }) => status === 'Completed', 'the end in the other window');
    await other.deleteSession(id);
    await window.undoDelete(id);
    assert.equal(await readFile(join(worktreePath, 'notes.txt'), 'utf8'), 'hello\n');
    await other.sendMessage(id, 'edit more.txt more');
    await until(window, id, ({ runs, status }) => runs.length === 2 && status === 'Completed', 'the second end');
    await fixture.close(window);
    await fixture.close(other);
    const late = fixture.window({ storageDirectory });
    await late.whenRecovered();
    assert.equal((await late.getSession(id)).status, 'Completed');
    const names = await readdir(join(storageDirectory, 'sessions'));
    assert.deepEqual(names, [id], 'nothing of the probe is left');
  });

  it('is refused in one sentence where files cannot be made by one process alone (F6)', async function () {
    const folder = await mkdtemp(join(tmpdir(), 'corral-refused-'));
    try {
      const open = [process.execPath, join(bundles, 'storeOpener.js'), folder];
      const inject = (calls: string): string[] => ['-e', `inject=${calls}:error=EPERM`];
      const strace = ['-f', '-qq', '-o', join(folder, '..', 'corral-refused.trace')];
      const links = inject('link,linkat');
      const seen = await run('strace', [...strace, ...links, ...open]).catch(() => undefined);
      if (seen === undefined) skip(this, 'strace is missing or not allowed');
      assert.equal(seen.stdout, 'opened\n', 'without links it works');
      await rm(folder, { recursive: true });
      const refused = await run('strace', [...strace, ...links, ...inject('rename,renameat,renameat2'), ...open]);
      assert.match(refused.stdout, /^STORE_FAILED .*cannot keep sessions.*corral\.storage\.location/);
      assert.equal(refused.stdout.trim().split('\n').length, 1);
      assert.deepEqual(await readdir(join(folder, 'sessions')), []);
      for (const [error, answer] of [
        ['EINVAL', /^opened\n$/], // there is no such call on this disk
        ['EIO', /^STORE_FAILED /],
      ] as const) {
        await rm(folder, { recursive: true });
        const places = ['-P', folder, '-P', join(folder, 'sessions'), '-P', join(folder, '..')];
        const { stdout } = await run('strace', [...strace, ...places, '-e', `inject=fsync:error=${error}`, ...open]);
        assert.match(stdout, answer);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rm(join(folder, '..', 'corral-refused.trace'), { force: true });
    }
  });
});

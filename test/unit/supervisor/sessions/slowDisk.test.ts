import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { newId } from '../../../../src/storage/ids';
import { withBundle } from '../../../support/container';
import { projectRoot } from '../../../support/project';
import { skip } from '../../../support/skip';
import { exited, say, started, StoreFixture, syncAll } from '../../storage/storeFixture';

const isLongForm = process.env['CORRAL_SLOW_SESSIONS'] !== undefined;
/** With 600, to ask about all of them takes longer than any one answer may. */
const SESSIONS = Number(process.env['CORRAL_SLOW_SESSIONS'] ?? 12);
/** Each call that asks about a file takes 6 ms more. */
const SLOW = [
  '-f',
  '-qq',
  '--seccomp-bpf',
  '-e',
  'trace=statx',
  '-e',
  'inject=statx:delay_exit=6000',
  '-o',
  '/dev/null',
];

describe('many sessions on a slow disk', () => {
  let store: StoreFixture;
  beforeEach(async () => {
    store = await StoreFixture.make();
  });
  afterEach(async () => {
    await store.remove();
  });

  it('keeps nothing from its answer: the list, Manage Worktrees, Search, Export, Check and Storage (C3)', async function () {
    if (isLongForm) this.timeout(900_000);
    const { failed } = await execa('strace', [...SLOW, 'true'], { reject: false });
    if (failed) skip(this, 'strace, which slows the disk down, cannot run here');
    const ids: string[] = [];
    for (let made = 0; made < SESSIONS; made++) {
      const id = await store.makeSession();
      ids.push(id);
      const runId = newId();
      await store.record(
        id,
        { kind: 'worktree.created', data: { worktreePath: '/w t', baseCommit: 'a'.repeat(40) } },
        { kind: 'run.queued', data: { runId, ordinal: 1, prompt: 'Look for needles' } },
      );
      await store.events(id, runId, [started(1), say(`needles ${made}`), exited]);
    }
    const index = await store.openIndex();
    for (const id of ids) await syncAll(index, id);
    await index.close();
    const target = join(store.paths.root, 'export.md');
    await withBundle('supervisor/slowDiskWindow.ts', async (program) => {
      const window = [process.execPath, program, store.paths.root, join(projectRoot, 'dist'), target];
      const { stdout } = await execa('strace', [...SLOW, ...window]);
      assert.deepEqual(JSON.parse(stdout), {
        sessions: SESSIONS,
        unreadable: 0,
        found: SESSIONS,
        checked: SESSIONS,
        measured: SESSIONS,
      });
    });
    assert.match(await readFile(target, 'utf8'), /needles/);
  });
});

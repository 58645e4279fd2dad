import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'mocha';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import type { FileChange } from '../../../../../src/supervisor/git/review/changes';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { describeIf } from '../../../../support/skip';
import { SupervisorFixture, until } from '../../supervisorFixture';

describeIf(process.platform !== 'win32', 'the filter is a shell script', 'changes in files with a filter', () => {
  let fixture: SupervisorFixture;
  let trace = '';
  /** One line for each time that the filter ran to make a worktree. */
  let ranBefore = '';
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    trace = join(fixture.storageDirectory, 'filter ran');
    const { repository } = fixture;
    const script = join(fixture.storageDirectory, 'crypt.sh');
    await writeFile(script, `#!/bin/sh\necho >> '${trace}'\nexec tr a-z n-za-m\n`);
    await chmod(script, 0o755);
    await repository.git('config', 'filter.crypt.clean', `'${script}'`);
    await repository.git('config', 'filter.crypt.smudge', `'${script}'`);
    await mkdir(join(repository.path, 'secret'));
    for (const [name, text] of Object.entries({
      '.gitattributes': 'secret/** filter=crypt\n',
      'secret/changed.txt': 'hello\n',
      'secret/gone.txt': 'going\n',
      'secret/same.txt': 'same\n',
    }))
      await writeFile(join(repository.path, name), text);
    await repository.git('add', '--all');
    await repository.git('commit', '--quiet', '--message=secret');
    await rm(trace, { force: true });
  });
  afterEach(async () => {
    await fixture.end();
  });

  /** The changes as lines, with the text of the sides that git does not have. */
  async function lines(changes: readonly FileChange[]): Promise<string[]> {
    const textOf = async (file: string | undefined): Promise<string> =>
      file === undefined ? '-' : (await readFile(file, 'utf8')).trim().replace('\n', '/');
    return await Promise.all(
      changes.map(
        async ({ kind, path, filter = 'none', beforeFile, afterFile }) =>
          `${kind} ${path} ${filter} ${await textOf(beforeFile)} ${await textOf(afterFile)}`,
      ),
    );
  }

  /** A session whose worktree the filter made, and whose agent changed a file that has it. */
  async function worked(window: Supervisor): Promise<SessionSummary> {
    const consents = await window.consents();
    for (const command of await consents.filtersFor(fixture.repository.path)) await consents.record(command, true);
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'edit secret/changed.txt plainword',
      agent: 'demo',
    });
    ranBefore = await readFile(trace, 'utf8');
    return await until(window, id, ({ status }) => status === 'Completed', 'the end');
  }

  it('are counted at the end of a run, and shown in a review and below the row, and no filter runs (A9)', async () => {
    const window = fixture.window();
    const { id, changes, worktreePath } = await worked(window);
    assert.equal(await readFile(join(worktreePath, 'secret/same.txt'), 'utf8'), 'same\n');
    assert.equal(await fixture.repository.git('show', 'HEAD:secret/same.txt'), 'fnzr');
    assert.deepEqual(changes, { files: 1, addedLines: 0, removedLines: 0 });
    const control = await window.worktree(id);
    const shown = await control.changes();
    assert.equal(shown.worktreePath, worktreePath);
    assert.deepEqual(await lines(shown.changes), ['modified secret/changed.txt crypt - hello/plainword']);

    const [first] = await control.snapshots();
    await writeFile(join(worktreePath, 'secret/new.txt'), 'brandnew\n');
    await writeFile(join(worktreePath, 'plain.txt'), 'plain\n');
    await rm(join(worktreePath, 'secret/gone.txt'));
    const second = await control.takeSnapshot();
    await writeFile(join(worktreePath, 'secret/changed.txt'), 'again\n');
    const now = [
      'added plain.txt none - -',
      'modified secret/changed.txt crypt - again',
      'deleted secret/gone.txt none - -',
      'added secret/new.txt crypt - brandnew',
    ];
    assert.deepEqual(await lines((await control.changes()).changes), now);
    const between = await control.changes(first?.commit, second.commit);
    assert.equal(between.worktreePath, undefined);
    assert.deepEqual(await lines(between.changes), [
      'added plain.txt none - -',
      'deleted secret/gone.txt none - -',
      'added secret/new.txt crypt - brandnew',
    ]);
    assert.deepEqual(await lines((await control.changes(second.commit, 'now')).changes), [
      'modified secret/changed.txt crypt hello/plainword again',
    ]);
    const summary = await control.summary();
    assert.deepEqual([summary?.changedFiles, summary?.untrackedFiles], [2, 2]);

    const third = await control.takeSnapshot();
    const counts = (await control.snapshots()).map(({ files, commit }) => [commit, files]);
    assert.deepEqual(counts, [
      [third.commit, 1],
      [second.commit, 3],
      [first?.commit, 1],
    ]);

    // What is left of a worktree that was removed by hand is its last snapshot.
    await rm(worktreePath, { recursive: true });
    const left = await control.changes();
    assert.equal(left.worktreePath, undefined);
    assert.deepEqual(await lines(left.changes), now);
    assert.equal(await readFile(trace, 'utf8'), ranBefore);
  });

  it('are compared with those of another session by their own bytes (A9)', async () => {
    const window = fixture.window();
    const [one, other] = [await worked(window), await worked(window)];
    const control = await window.worktree(one.id);
    assert.deepEqual((await control.differences(other.id)).changes, []);
    await writeFile(join(other.worktreePath, 'secret/changed.txt'), 'otherword\n');
    await writeFile(join(one.worktreePath, 'secret/new.txt'), 'brandnew\n');
    assert.deepEqual(await lines((await control.differences(other.id)).changes), [
      'modified secret/changed.txt crypt hello/plainword otherword',
      'deleted secret/new.txt crypt brandnew -',
    ]);
    assert.equal(await readFile(trace, 'utf8'), ranBefore);
  });
});

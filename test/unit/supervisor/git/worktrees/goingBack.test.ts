import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { restoreSnapshot } from '../../../../../src/supervisor/git/worktrees/restoreSnapshot';
import { readFileStates } from '../../../../support/fileStates';
import { GitFixture, isThere, write } from '../gitFixture';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('going back and undoing it', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  /** Goes back to the base, and from there to the state before. Both ways no file of another's is touched. */
  async function goThereAndBack(session: Session, atBase?: () => Promise<void>): Promise<void> {
    const then = await readFileStates(session.path);
    const { before: undo } = await restoreSnapshot(session, session.baseCommit);
    await atBase?.();
    await restoreSnapshot(session, undo);
    assert.deepEqual([...(await readFileStates(session.path))], [...then]);
  }

  it('keeps files of a folder that the session ignores newly (A10)', async () => {
    const session = await fixture.freshSession({ f: '1\n', '.gitignore': '*.log\n' });
    await write(session.path, {
      '.gitignore': '*.log\ndata/\n',
      'data/results.csv': 'precious',
      f: '2\n',
      'new/x': 'x',
    });
    await goThereAndBack(session, async () => {
      assert.equal(await readFile(join(session.path, 'data/results.csv'), 'utf8'), 'precious');
      assert.equal(await isThere(join(session.path, 'new')), false);
    });
  });

  it('keeps them by a rule of a folder below, which goes and comes, and by a negated rule (A10)', async () => {
    const session = await fixture.freshSession({ 'sub/f': '1\n' });
    await write(session.path, {
      'sub/.gitignore': 'cache/*\n!cache/keep\n',
      'sub/cache/keep': 'k',
      'sub/cache/deep/lost': 'precious',
      'only/.gitignore': '*\n!.gitignore\n',
      'only/lost': 'precious',
    });
    await goThereAndBack(session);
  });

  it('keeps what the rules of the person, not of a file of the session, ignored then (A10)', async () => {
    const session = await fixture.freshSession({ f: '1\n' });
    const exclude = join(session.repository.commonDirectory, 'info/exclude');
    const rules = await readFile(exclude, 'utf8');
    await appendFile(exclude, 'local/\n*.mine\n');
    await write(session.path, { 'local/a': 'precious', 'deep/x.mine': 'precious', 'deep/y': 'y' });
    await goThereAndBack(session, async () => await writeFile(exclude, rules));
  });

  // `npm run test:blocks` looks whether any turn of it takes long, with more of them.
  it('keeps thousands of ignored files beside thousands of changed ones (E8)', async () => {
    const isWatched = process.env['CORRAL_TURNS_FILE'] !== undefined;
    const [changed, ignored] = isWatched ? [8_000, 4_000] : [400, 200];
    const names = (count: number, name: (index: number) => string): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [name(index), `${index}\n`]));
    const session = await fixture.freshSession({ '.gitignore': '*.log\n' });
    await write(session.path, {
      ...names(changed, (index) => `made/${index % 80}/${index}.txt`),
      ...names(ignored, (index) => `made/${index % 80}/${index}.log`),
    });
    await goThereAndBack(session, async () => {
      assert.equal(await isThere(join(session.path, 'made/1/1.txt')), false);
      assert.equal(await isThere(join(session.path, 'made/1/1.log')), true);
    });
  });

  it('keeps them going to a snapshot of a turn, too (A10)', async () => {
    const session = await fixture.freshSession({ f: '1\n' });
    await write(session.path, { '.gitignore': 'data/\n', 'data/results.csv': 'precious', 'new/x': 'x' });
    const then = await readFileStates(session.path);
    const { commit } = await takeSnapshot(session, 'turn 1');
    await restoreSnapshot(session, session.baseCommit);
    await restoreSnapshot(session, commit);
    assert.deepEqual([...(await readFileStates(session.path))], [...then]);
  });

  it('never writes over a file that was tracked at the base and is ignored now (A10)', async () => {
    const session = await fixture.freshSession({ 'data/results.csv': 'old\n', f: '1\n' });
    await fixture.user(session.path, 'rm', '--quiet', '--cached', 'data/results.csv');
    await write(session.path, { '.gitignore': 'data/\n', 'data/results.csv': 'precious', f: '2\n' });
    const then = await readFileStates(session.path);
    await assert.rejects(restoreSnapshot(session, session.baseCommit), { code: 'CONFLICT' });
    assert.deepEqual([...(await readFileStates(session.path))], [...then]);
  });

  it('keeps what was changed in between, which its own snapshot holds (A10)', async () => {
    const session = await fixture.freshSession({ f: '1\n' });
    await write(session.path, { '.gitignore': 'data/\n', 'data/a': 'a', 'plain/b': 'b' });
    const { before: undo } = await restoreSnapshot(session, session.baseCommit);
    await write(session.path, { 'data/a': 'changed', 'plain/c': 'c' });
    const { before: redo } = await restoreSnapshot(session, undo);
    assert.equal(await readFile(join(session.path, 'data/a'), 'utf8'), 'changed');
    assert.equal(await isThere(join(session.path, 'plain/c')), false);
    await restoreSnapshot(session, redo);
    assert.equal(await readFile(join(session.path, 'plain/c'), 'utf8'), 'c');
  });

  it('works where a file became a folder and the other way round, with ignored files elsewhere (A10)', async () => {
    const session = await fixture.freshSession({ one: '1\n', 'two/a': 'a\n' });
    await rm(join(session.path, 'one'));
    await rm(join(session.path, 'two'), { recursive: true });
    await mkdir(join(session.path, 'one'));
    await write(session.path, { 'one/x': 'x', two: '2', '.gitignore': '*.tmp\n', 'a.tmp': 'precious' });
    await goThereAndBack(session);
  });
});

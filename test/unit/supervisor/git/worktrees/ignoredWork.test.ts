import assert from 'node:assert/strict';
import { chmod, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { moveToTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { restoreSnapshot } from '../../../../../src/supervisor/git/worktrees/restoreSnapshot';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { copyIgnoredFiles } from '../../../../../src/supervisor/git/worktrees/includedFiles';
import { findGeneratedFolders } from '../../../../../src/supervisor/git/worktrees/generatedFolders';
import { GitFixture, write } from '../gitFixture';
import { deleteAndUndo } from './roundTrip';

interface Case {
  name: string;
  /** Rules of the repository's `.gitignore`. */
  rules: string;
  /** What the session makes. */
  files: Record<string, string>;
  told: string[];
}

const LOST_BY_RULES: readonly Case[] = [
  {
    name: 'below a new folder',
    rules: '*.csv\n',
    files: { 'results/notes.md': 'n', 'results/big.csv': 'precious' },
    told: ['results/big.csv: ignored by git'],
  },
  {
    name: 'beside what a negated rule keeps',
    rules: 'data/*\n!data/keep/\n',
    files: { 'data/keep/a': 'a', 'data/x.bin': 'precious', 'data/deep/y': 'precious' },
    told: ['data/deep/: ignored by git', 'data/x.bin: ignored by git'],
  },
  {
    name: 'by a rule of a folder below',
    rules: '',
    files: { 'new/deep/.gitignore': '*.log\n', 'new/deep/a.log': 'precious', 'new/deep/a': 'a' },
    told: ['new/deep/a.log: ignored by git'],
  },
  {
    name: 'in folders of which nothing else is there',
    rules: 'private/\n',
    files: { 'new/private/a': 'precious', 'new/private/deep/b': 'precious' },
    told: ['new/: ignored by git'],
  },
];

const ONLY_LOOK_GENERATED: readonly Case[] = [
  { name: 'dist', rules: 'dist/\n', files: { 'dist/hand.ts': 'precious' }, told: ['dist/: ignored by git'] },
  { name: 'out', rules: 'out/\n', files: { 'out/report.md': 'precious' }, told: ['out/: ignored by git'] },
  { name: 'mesh.obj', rules: '*.obj\n', files: { 'mesh.obj': 'precious' }, told: ['mesh.obj: ignored by git'] },
  {
    name: 'node_modules without a package.json',
    rules: 'node_modules/\n',
    files: { 'sub/node_modules/a.js': 'precious', 'sub/x': 'x' },
    told: ['sub/node_modules/: ignored by git'],
  },
  { name: 'target', rules: 'target/\n', files: { 'target/list.txt': 'precious' }, told: ['target/: ignored by git'] },
  { name: 'venv', rules: 'venv/\n', files: { 'venv/notes': 'precious' }, told: ['venv/: ignored by git'] },
  {
    name: 'a cache without its tag',
    rules: '.ruff_cache/\n',
    files: { '.ruff_cache/CACHEDIR.TAG': 'mine', '.ruff_cache/a': 'precious' },
    told: ['.ruff_cache/: ignored by git'],
  },
];

describe('files that git ignores', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  for (const [number, cases] of [
    ['A4', LOST_BY_RULES],
    ['A5', ONLY_LOOK_GENERATED],
  ] as const)
    for (const { name, rules, files, told } of cases)
      it(`are told and come back: ${name} (${number})`, async () => {
        const session = await fixture.freshSession({ f: '1\n', '.gitignore': rules });
        await write(session.path, files);
        assert.deepEqual((await deleteAndUndo(fixture, session)).sort(), told);
      });

  it('are told and come back where the main checkout has the same, which may go later (A5)', async () => {
    const session = await fixture.freshSession({ f: '1\n', '.gitignore': '*.env\n' });
    const { mainWorktree } = session.repository;
    await write(mainWorktree, { 'x.env': 'same' });
    await write(session.path, { 'x.env': 'same' });
    const kept = await deleteAndUndo(fixture, session, {
      whileGone: async () => await rm(join(mainWorktree, 'x.env')),
    });
    assert.deepEqual(kept, ['x.env: ignored by git']);
  });

  it('come back where Corral copied them and nobody changed them, and are told where somebody did (A5)', async () => {
    const session = await fixture.freshSession({ f: '1\n', '.gitignore': '.env\n/local/\n' });
    const { mainWorktree } = session.repository;
    await write(mainWorktree, { '.env': 'KEY=secret', 'local/settings': 's' });
    await chmod(join(mainWorktree, '.env'), 0o600);
    const wanted = { include: ['.env', 'local/'], link: [] };
    await copyIgnoredFiles(session, wanted);
    const whileGone = async (): Promise<void> => await rm(join(mainWorktree, '.env'));
    assert.deepEqual(await deleteAndUndo(fixture, session, { whileGone }), [], 'the original is gone');
    assert.deepEqual(await deleteAndUndo(fixture, session), [], 'again');
    const { path } = session;
    await assert.rejects(
      fixture.user(path, 'grep', '--quiet', 'secret', `refs/corral/${session.sessionId}`),
      'no object',
    );
    await write(path, { '.env': 'KEY=another' });
    assert.deepEqual(await deleteAndUndo(fixture, session), ['.env: ignored by git']);
  });

  it('go without a snapshot where a tool fills their folder again (A5)', async () => {
    const signature = 'Signature: 8a477f597d28d172789f06886806bc55\n';
    const session = await fixture.freshSession({
      '.gitignore': 'node_modules/\ntarget/\n.venv/\n__pycache__/\n.pytest_cache/\nobj/\n',
      'package.json': '{}',
      'web/package.json': '{}',
      'rust/Cargo.toml': '',
      'app/a.py': '',
      'net/App.csproj': '',
    });
    const replaced = [
      'node_modules',
      'web/node_modules',
      'rust/target',
      'app/.venv',
      'app/__pycache__',
      '.pytest_cache',
      'net/obj',
    ];
    for (const folder of replaced) await write(session.path, { [`${folder}/deep/generated`]: 'g' });
    await write(session.path, { 'app/.venv/pyvenv.cfg': '', '.pytest_cache/CACHEDIR.TAG': signature });
    assert.deepEqual((await findGeneratedFolders(session)).map(({ path }) => path).sort(), [...replaced].sort());
    assert.deepEqual(await deleteAndUndo(fixture, session, { replaced }), []);
  });

  it('stay where a tool would not have put them: folders with tracked files, or that no rule ignores (A5)', async () => {
    const session = await fixture.freshSession({
      '.gitignore': 'node_modules/\n',
      'package.json': '{}',
      'Cargo.toml': '',
    });
    await write(session.path, { 'node_modules/patched.js': 'p', 'node_modules/other.js': 'o', 'target/mine': 'm' });
    await fixture.user(session.path, 'add', '--force', 'node_modules/patched.js');
    assert.deepEqual(await findGeneratedFolders(session), []);
    assert.deepEqual(await deleteAndUndo(fixture, session), ['node_modules/other.js: ignored by git']);
  });

  it('come back where they are links (A5)', async function () {
    if (process.platform === 'win32') this.skip();
    const session = await fixture.freshSession({ f: '1\n', '.gitignore': '/link\n/broken\n' });
    await write(session.repository.mainWorktree, { 'shared/a': 'a' });
    await symlink(join(session.repository.mainWorktree, 'shared'), join(session.path, 'link'));
    await symlink('/not/there', join(session.path, 'broken'));
    assert.deepEqual(await deleteAndUndo(fixture, session), []);
  });

  it('are never overwritten when files are put back (A4)', async () => {
    const session = await fixture.freshSession({ f: '1\n' });
    const { path } = session;
    await write(path, { 'results/notes.md': 'n', 'results/big.csv': 'old', 'data/keep/a': 'a', 'data/x.bin': 'old' });
    const { commit } = await takeSnapshot(session, 'first');
    await rm(join(path, 'results'), { recursive: true });
    await rm(join(path, 'data'), { recursive: true });
    for (const [rules, file] of [
      ['*.csv\n', 'results/big.csv'],
      ['data/*\n!data/keep/\n', 'data/x.bin'],
    ] as const) {
      await write(path, { '.gitignore': rules, [file]: 'precious', [`${file} beside`]: 'b' });
      await assert.rejects(restoreSnapshot(session, commit), { code: 'CONFLICT' });
      assert.equal(await readFile(join(path, file), 'utf8'), 'precious');
      await rm(join(path, file));
    }
    await restoreSnapshot(session, commit);
    assert.equal(await readFile(join(path, 'results/big.csv'), 'utf8'), 'old');
  });

  it('are counted where there are many', async () => {
    const session = await fixture.freshSession({ '.gitignore': '*.db\n' });
    await write(session.path, Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`${index}.db`, 'x'])));
    const { notCaptured } = await moveToTrash(session);
    assert.deepEqual([notCaptured.length, notCaptured.at(-1)], [21, '5 more files that git ignores']);
  });
});

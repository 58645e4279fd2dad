import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { applyAndUndo, deleteAndRecreate, goBack, lookAt, makeOthers } from '../../../../support/git/sessionOperations';
import { PROGRAM_SETTINGS, unknownProgramSettings, type Trap } from '../../../../support/git/programSettings';
import { GitFixture, readAll, write } from '../gitFixture';
import { skip } from '../../../../support/skip';

type Session = Awaited<ReturnType<GitFixture['session']>>;
type Place = 'repository' | 'worktree' | 'submodule';

/** `npm run test:worktrees` tries each setting alone; here all of them are set at once. */
const isLong = process.env['CORRAL_EACH_SETTING'] === '1';
const HOOKS = [
  'post-checkout',
  'post-index-change',
  'post-commit',
  'post-rewrite',
  'pre-commit',
  'prepare-commit-msg',
  'commit-msg',
  'reference-transaction',
  'pre-auto-gc',
  'fsmonitor-watchman',
];

describe('every setting of git that can name a program', function () {
  let fixture: GitFixture;
  let traps = '';
  let log = '';
  before(async function () {
    if (process.platform === 'win32') skip(this, 'the traps are scripts, which are no programs on Windows');
    fixture = await GitFixture.create();
    // Commands of the configuration are split at spaces.
    traps = join(dirname(fixture.root), 'traps');
    log = join(traps, 'log');
    await mkdir(join(traps, 'hooks/hooks'), { recursive: true });
  });
  after(async () => fixture.remove());

  /** A program that notes its name and where it runs. */
  async function trapNamed(name: string): Promise<Trap> {
    const path = join(traps, name.replace(/[^\w.-]/g, '_'));
    const script = `#!/bin/sh\necho "${name}: $0 $* in $PWD" >> ${log}\ncat\n`;
    await writeFile(path, script, { mode: 0o755 });
    for (const hook of HOOKS)
      for (const folder of ['hooks', 'hooks/hooks'])
        await writeFile(join(traps, folder, hook), script, { mode: 0o755 });
    await writeFile(
      `${path}.included`,
      `[core]\n\tfsmonitor = ${path}\n\tsshCommand = ${path}\n[filter "evil"]\n\tclean = ${path}\n`,
    );
    await writeFile(`${path}.attributes`, '* filter=evil diff=evil merge=evil\n');
    return {
      program: path,
      hooks: join(traps, 'hooks'),
      included: `${path}.included`,
      attributes: `${path}.attributes`,
    };
  }

  /** A session with a submodule, whose agent has committed, staged, changed and added files, and set the attributes. */
  async function worked(): Promise<Session> {
    const library = await fixture.repository(`library ${Math.random()}`, { 'code.txt': 'c\n' });
    const attributes = '*.dat filter=evil diff=evil merge=evil\n';
    const files = {
      'a.txt': 'a\n',
      'b.txt': 'b\n',
      'c.dat': 'c\n',
      '.gitattributes': attributes,
      '.gitignore': '*.secret\nlinked/\n',
    };
    const session = await fixture.freshSession(files);
    const main = session.repository.mainWorktree;
    await fixture.user(main, 'config', 'user.name', 'Robin');
    await fixture.user(main, 'config', 'user.email', 'robin@example.com');
    await fixture.user(session.path, 'submodule', '--quiet', 'add', '--name', 'lib', library.mainWorktree, 'lib');
    await write(session.path, { 'committed.txt': 'c\n', 'a.txt': 'changed\n' });
    await fixture.user(session.path, 'add', '--all');
    await fixture.user(session.path, 'commit', '--quiet', '--message=agent');
    await write(session.path, { 'a.txt': 'changed again\n', 'new.txt': 'n\n', 'staged.txt': 's\n' });
    await fixture.user(session.path, 'add', 'staged.txt');
    await write(main, { 'own.txt': 'mine\n', 'some.secret': 's\n', 'linked/file': 'l\n' });
    for (const file of [join(session.path, 'c.dat'), join(main, 'c.dat'), join(session.path, 'lib/code.txt')])
      await utimes(file, 1, 1);
    return session;
  }

  /** Writes what the settings' traps say into the configuration of the place, as an agent may do at any moment. */
  async function set(session: Session, place: Place, settings: readonly string[]): Promise<void> {
    const folder = place === 'submodule' ? join(session.path, 'lib') : session.path;
    const gitDirectory = await fixture.user(folder, 'rev-parse', '--absolute-git-dir');
    const commonDirectory = place === 'submodule' ? gitDirectory : session.repository.commonDirectory;
    await mkdir(join(commonDirectory, 'info'), { recursive: true });
    await appendFile(join(commonDirectory, 'info/attributes'), '*.dat filter=evil\n* diff=evil merge=evil\n');
    if (place === 'submodule') await appendFile(join(commonDirectory, 'info/attributes'), '* filter=evil\n');
    if (place === 'worktree') await fixture.user(session.path, 'config', 'extensions.worktreeConfig', 'true');
    const file = join(
      place === 'worktree' ? gitDirectory : commonDirectory,
      place === 'worktree' ? 'config.worktree' : 'config',
    );
    for (const setting of settings) {
      const values = PROGRAM_SETTINGS[setting]?.(await trapNamed(setting)) ?? {};
      for (const [key, value] of Object.entries(values))
        await promisify(execFile)('git', ['config', '--file', file, '--add', key, value]);
    }
  }

  async function nothingRan(what: string): Promise<void> {
    const ran = await readFile(log, 'utf8').catch(() => '');
    await writeFile(log, '');
    assert.equal(ran, '', what);
  }

  /** All of Corral's operations, after each of which nothing may have run and no file may differ. */
  async function runEverything(session: Session): Promise<void> {
    const main = session.repository.mainWorktree;
    const [files, mainFiles] = [await readAll(session.path), await readAll(main)];
    const isWhole = async (what: string): Promise<void> => {
      await nothingRan(what);
      assert.deepEqual(await readAll(session.path), files, what);
    };
    await lookAt(session);
    await isWhole('looking');
    await applyAndUndo(session);
    await isWhole('applying');
    await makeOthers(session);
    await isWhole('making other sessions');
    await goBack(session);
    await isWhole('going back');
    await write(session.path, { 'c.dat': 'changed\n' });
    files.set('c.dat', 'file changed\n');
    assert.deepEqual(await deleteAndRecreate(session), []);
    await nothingRan('deleting');
    // Whether a clean submodule is checked out again is not a matter of settings.
    const withoutSubmodule = (all: Map<string, string>): [string, string][] =>
      [...all].filter(([path]) => !path.startsWith('lib/'));
    assert.deepEqual(withoutSubmodule(await readAll(session.path)), withoutSubmodule(files));
    const inMain = (all: Map<string, string>): [string, string][] =>
      [...all].filter(([path]) => !path.startsWith('.corral/')).sort();
    assert.deepEqual(inMain(await readAll(main)), inMain(mainFiles));
  }

  it('is in the table of this test', async () => {
    const { stdout } = await promisify(execFile)('git', ['help', '--config']);
    assert.deepEqual(unknownProgramSettings(stdout), []);
  });

  it('runs nothing when the traps are asked for by nobody else, and the traps do work', async () => {
    const { program } = await trapNamed('proof');
    const proof = await fixture.freshSession();
    await fixture.user(proof.path, 'config', 'core.fsmonitor', program);
    await fixture.user(proof.path, 'status', '--porcelain');
    const ran = await readFile(log, 'utf8');
    await writeFile(log, '');
    assert.match(ran, /^proof: /);
  });

  const all = Object.keys(PROGRAM_SETTINGS);
  const places = ['repository', 'worktree', 'submodule'] satisfies Place[];
  if (!isLong)
    it('runs nothing by any operation, set in the repository, the worktree and the submodule (B1, B2)', async () => {
      const session = await worked();
      for (const place of places) await set(session, place, all);
      await runEverything(session);
    });

  for (const place of isLong ? places : [])
    for (const setting of all)
      it(`runs nothing by any operation where ${setting} is set in the ${place} (B1, B2)`, async () => {
        const session = await worked();
        await set(session, place, [setting]);
        await runEverything(session);
      });
});

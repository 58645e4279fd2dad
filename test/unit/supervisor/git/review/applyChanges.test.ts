import assert from 'node:assert/strict';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { readWork } from '../../../../../src/supervisor/git/review/changes';
import { applyChanges } from '../../../../../src/supervisor/git/review/applyChanges';
import { findCheckout, type Checkout } from '../../../../../src/supervisor/git/review/checkout';
import { makeBranch } from '../../../../../src/supervisor/git/review/makeBranch';
import { undoApply } from '../../../../../src/supervisor/git/review/undoApply';
import type { ChangesToApply } from '../../../../../src/supervisor/git/review/workCommit';
import { isThere, GitFixture, write } from '../gitFixture';
import { skip } from '../../../../support/skip';

type Session = Awaited<ReturnType<GitFixture['session']>> & { main: string; checkout: Checkout };

for (const [place, number] of [
  ['the main worktree', ''],
  ['a linked worktree', ' (F2)'],
] as const)
  describe(`applying a session's work to ${place}${number}`, () => {
    let fixture: GitFixture;
    let count = 0;
    before(async () => {
      fixture = await GitFixture.create();
    });
    after(async () => fixture.remove());

    const ownBranch = number === '' ? 'main' : 'dev';
    async function worked(): Promise<Session> {
      const session = await fixture.workedSession(`repository ${++count}`);
      let main = session.repository.mainWorktree;
      if (number !== '') {
        main = `${main} staging`;
        await fixture.user(session.repository.mainWorktree, 'worktree', 'add', '--quiet', '-b', ownBranch, main);
      }
      await fixture.user(main, 'config', 'user.name', 'Robin');
      await fixture.user(main, 'config', 'user.email', 'robin@example.com');
      return { ...session, main, checkout: await findCheckout(session.repository, main) };
    }
    const changesOf = async (session: Session, title = 'The title'): Promise<ChangesToApply> => ({
      baseCommit: session.baseCommit,
      work: await readWork(session),
      title,
    });
    const status = async (folder: string): Promise<string> => fixture.user(folder, 'status', '--porcelain', '-uall');
    const log = async (folder: string, range: string): Promise<string> =>
      fixture.user(folder, 'log', '--format=%s %an', range);

    it('adds it to the checkout beside changes of the user, and undoes that', async () => {
      const session = await worked();
      await write(session.main, { 'own.txt': 'mine\n', 'later.txt': 'l\n' });
      await fixture.user(session.main, 'add', 'later.txt');
      await fixture.user(session.main, 'commit', '--quiet', '--message=the user went on');
      const before = await status(session.main);
      const { applied, conflicts } = await applyChanges(session.checkout, await changesOf(session), 'staged');
      assert.deepEqual(conflicts, []);
      assert.equal(await readFile(join(session.main, 'new/ünï.txt'), 'utf8'), 'n\n');
      assert.match(await status(session.main), /^M {2}edited\.txt$/m);
      await undoApply(session.checkout, applied);
      assert.equal(await status(session.main), before);
    });

    it('tells another Git process in the checkout from changes of the user, and leaves all as it is', async () => {
      const session = await worked();
      const changes = await changesOf(session);
      const lock = join(session.checkout.gitDirectory, 'index.lock');
      for (const mode of ['staged', 'commits'] as const) {
        const before = await status(session.main);
        await writeFile(lock, '');
        await assert.rejects(applyChanges(session.checkout, changes, mode), { code: 'GIT_LOCKED' });
        await rm(lock);
        assert.equal(await status(session.main), before);
        const { applied } = await applyChanges(session.checkout, changes, mode);
        const applying = await status(session.main);
        await writeFile(lock, '');
        await assert.rejects(undoApply(session.checkout, applied), { code: 'GIT_LOCKED' });
        await rm(lock);
        assert.equal(await status(session.main), applying);
        await undoApply(session.checkout, applied);
        assert.equal(await status(session.main), before);
      }
    });

    it('overwrites nothing of the user, leaves conflicts to a merge editor, and undoes them, too', async () => {
      const session = await worked();
      const taken = await changesOf(session);
      await write(session.main, { 'edited.txt': 'mine\n' });
      for (const mode of ['staged', 'commits'] as const)
        await assert.rejects(applyChanges(session.checkout, taken, mode), { code: 'CONFLICT' });
      assert.equal(await status(session.main), ' M edited.txt');
      await write(session.main, { 'staged.txt': 's\n' });
      await fixture.user(session.main, 'add', 'staged.txt');
      await assert.rejects(applyChanges(session.checkout, taken, 'commits'), { code: 'CONFLICT' });
      assert.equal(await status(session.main), ' M edited.txt\nA  staged.txt');
      await fixture.user(session.main, 'commit', '--quiet', '--all', '--message=mine');
      await write(session.main, { 'own.txt': 'untracked\n' });
      const before = await status(session.main);
      for (const mode of ['staged', 'commits'] as const) {
        const { applied, conflicts } = await applyChanges(session.checkout, taken, mode);
        assert.deepEqual(conflicts, ['edited.txt'], mode);
        assert.match(await status(session.main), /^UU edited\.txt$/m);
        assert.match(await readFile(join(session.main, 'edited.txt'), 'utf8'), /<<<<<<</);
        await undoApply(session.checkout, applied);
        assert.equal(await status(session.main), before, mode);
        assert.equal(await readFile(join(session.main, 'edited.txt'), 'utf8'), 'mine\n');
      }
    });

    it('undoes nothing over edits of the user, nor over conflicts of their own', async () => {
      const session = await worked();
      const { applied } = await applyChanges(session.checkout, await changesOf(session), 'staged');
      await fixture.user(session.main, 'commit', '--quiet', '--message=taken');
      for (const [branch, content] of Object.entries({ main: 'mine\n', side: 'other\n' })) {
        if (branch === 'side') await fixture.user(session.main, 'checkout', '--quiet', '-b', branch, 'HEAD~1');
        await write(session.main, { 'own.txt': content });
        await fixture.user(session.main, 'add', 'own.txt');
        if (branch === 'main') await fixture.user(session.main, 'commit', '--quiet', '--message=mine');
      }
      await fixture.user(session.main, 'stash', '--quiet');
      await fixture.user(session.main, 'checkout', '--quiet', ownBranch);
      await assert.rejects(fixture.user(session.main, 'stash', 'pop'), 'a conflict of their own');
      await write(session.main, { 'edited.txt': 'edited on\n', 'new/ünï.txt': 'edited on\n' });
      const before = await status(session.main);
      assert.match(before, /^(AA|UU) own\.txt$/m);
      await assert.rejects(undoApply(session.checkout, applied), { code: 'CONFLICT' });
      assert.equal(await status(session.main), before);
      for (const name of ['edited.txt', 'new/ünï.txt'])
        assert.equal(await readFile(join(session.main, name), 'utf8'), 'edited on\n');
    });

    it('undoes its conflicts only while the other files are as it left them', async () => {
      const session = await worked();
      await write(session.main, { 'edited.txt': 'mine\n' });
      await fixture.user(session.main, 'commit', '--quiet', '--all', '--message=mine');
      const before = await status(session.main);
      const { applied } = await applyChanges(session.checkout, await changesOf(session), 'staged');
      await write(session.main, { 'new/ünï.txt': 'edited on\n' });
      await assert.rejects(undoApply(session.checkout, applied), { code: 'CONFLICT' });
      assert.equal(await readFile(join(session.main, 'new/ünï.txt'), 'utf8'), 'edited on\n');
      await write(session.main, { 'new/ünï.txt': 'n\n' });
      await undoApply(session.checkout, applied);
      assert.equal(await status(session.main), before);
    });

    it("leaves the user's own merge, revert, cherry-pick and rebase alone", async () => {
      const session = await worked();
      const taken = await changesOf(session);
      const operations = {
        MERGE_HEAD: ['merge', '--quiet', '--no-ff', '--no-commit', 'side'],
        REVERT_HEAD: ['revert', '--no-commit', 'HEAD'],
        CHERRY_PICK_HEAD: ['cherry-pick', 'clashing'],
        'rebase-merge': ['rebase', '--quiet', 'clashing'],
      };
      const staged = (await applyChanges(session.checkout, taken, 'staged')).applied;
      await undoApply(session.checkout, staged);
      assert.equal(
        await isThere(join(session.checkout.gitDirectory, 'REVERT_HEAD')),
        false,
        'no revert is left under way',
      );
      for (const branch of ['side', 'clashing']) {
        await fixture.user(session.main, 'checkout', '--quiet', '-b', branch, ownBranch);
        await write(session.main, { [`${branch === 'side' ? branch : 'own'}.txt`]: `${branch}\n` });
        await fixture.user(session.main, 'add', '--all');
        await fixture.user(session.main, 'commit', '--quiet', `--message=${branch}`);
      }
      await fixture.user(session.main, 'checkout', '--quiet', ownBranch);
      const commits = (await applyChanges(session.checkout, taken, 'commits')).applied;
      await write(session.main, { 'own.txt': 'mine\n' });
      await fixture.user(session.main, 'add', 'own.txt');
      await fixture.user(session.main, 'commit', '--quiet', '--message=mine');
      const clean = await fixture.user(session.main, 'rev-parse', 'HEAD');
      for (const [file, operation] of Object.entries(operations)) {
        const clashes = file === 'CHERRY_PICK_HEAD' || file === 'rebase-merge';
        const running = fixture.user(session.main, ...operation);
        if (clashes) await assert.rejects(running, file);
        else await running;
        if (clashes) await fixture.user(session.main, 'checkout', '--theirs', 'own.txt');
        if (clashes) await fixture.user(session.main, 'add', 'own.txt'); // resolved, but not continued
        const before = await status(session.main);
        for (const mode of ['staged', 'commits'] as const)
          await assert.rejects(applyChanges(session.checkout, taken, mode), { code: 'CONFLICT' }, `${file} ${mode}`);
        for (const each of [staged, commits])
          await assert.rejects(undoApply(session.checkout, each), { code: 'CONFLICT' }, `${file} ${each.mode}`);
        assert.ok(await isThere(join(session.checkout.gitDirectory, file)), file);
        assert.equal(await status(session.main), before, file);
        if (file === 'rebase-merge') await fixture.user(session.main, 'rebase', '--abort');
        else await fixture.user(session.main, 'reset', '--quiet', '--hard', clean);
      }
    });

    it("adds the session's own commits and one more, and undoes that, also below commits of the user", async () => {
      const session = await worked();
      const first = await applyChanges(session.checkout, await changesOf(session), 'commits');
      assert.deepEqual(first.conflicts, []);
      assert.equal(await log(session.main, `${session.baseCommit}..HEAD`), 'The title Robin\nagent User');
      await undoApply(session.checkout, first.applied);
      assert.equal(await fixture.user(session.main, 'rev-parse', 'HEAD'), session.baseCommit);
      const second = await applyChanges(session.checkout, await changesOf(session), 'commits');
      await write(session.main, { 'own.txt': 'mine\n' });
      await fixture.user(session.main, 'add', 'own.txt');
      await fixture.user(session.main, 'commit', '--quiet', '--message=mine');
      await undoApply(session.checkout, second.applied);
      await fixture.user(session.main, 'commit', '--quiet', '--message=undone');
      assert.equal(await fixture.user(session.main, 'diff', '--name-only', session.baseCommit, 'HEAD'), 'own.txt');
      await fixture.user(session.main, 'checkout', '--quiet', '-b', 'elsewhere', session.baseCommit);
      await assert.rejects(undoApply(session.checkout, second.applied), { code: 'CONFLICT' });
    });

    it('adds one commit if the agent merged', async () => {
      const session = await worked();
      const agent = await fixture.user(session.path, 'rev-parse', 'HEAD');
      await fixture.user(session.path, 'stash', '--quiet', '--include-untracked');
      await fixture.user(session.path, 'checkout', '--quiet', '-b', 'side', session.baseCommit);
      await fixture.user(session.path, 'commit', '--quiet', '--allow-empty', '--message=side');
      await fixture.user(session.path, 'merge', '--quiet', '--no-ff', '--no-edit', agent);
      await applyChanges(session.checkout, await changesOf(session), 'commits');
      assert.equal(await log(session.main, `${session.baseCommit}..HEAD`), 'The title Robin');
      assert.equal(await readFile(join(session.main, 'edited.txt'), 'utf8'), '2\n');
    });

    it('makes a branch of its commits and of what was not committed, and moves it later', async () => {
      const session = await worked();
      const taken = await changesOf(session);
      const commit = await makeBranch(session.repository, taken, 'feature/x');
      assert.equal(await log(session.main, `${session.baseCommit}..feature/x`), 'The title Robin\nagent User');
      assert.equal(await fixture.user(session.main, 'rev-parse', `${commit}^{tree}`), taken.work.tree);
      await write(session.path, { more: 'm' });
      const later = await changesOf(session);
      await assert.rejects(makeBranch(session.repository, later, 'feature/x'), { code: 'CONFLICT' });
      const updated = await makeBranch(session.repository, later, 'feature/x', { name: 'feature/x', commit });
      assert.equal(await fixture.user(session.main, 'show', 'feature/x:more'), 'm');
      await fixture.user(session.main, 'checkout', '--quiet', 'feature/x');
      await write(session.path, { more: 'even more' });
      await assert.rejects(
        makeBranch(session.repository, await changesOf(session), 'feature/x', { name: 'feature/x', commit: updated }),
        { code: 'CONFLICT' },
      );
      for (const name of ['--force', 'a..b', '', 'x.lock'])
        await assert.rejects(makeBranch(session.repository, later, name), { code: 'INVALID_ARGUMENT' });
    });

    it("lets no merge driver of the repository's config run, nor a hook", async function () {
      if (process.platform === 'win32') skip(this, 'the trap is a script, which is no program on Windows');
      const session = await worked();
      const [marker, trap] = [join(fixture.root, `executed ${count}`), join(fixture.root, `trap-${count}`)];
      await writeFile(trap, `#!/bin/sh\ntouch '${marker}'\nexit 1\n`, { mode: 0o755 });
      await fixture.user(session.main, 'config', 'merge.trap.driver', trap);
      await fixture.user(session.main, 'config', 'core.hooksPath', join(fixture.root, 'hooks'));
      await write(join(fixture.root, 'hooks'), { 'post-commit': `#!/bin/sh\ntouch '${marker}'\n` });
      await chmod(join(fixture.root, 'hooks/post-commit'), 0o755);
      await write(session.repository.commonDirectory, { 'info/attributes': '*.txt merge=trap\n' });
      await write(session.main, { 'edited.txt': 'mine\n' });
      await fixture.git.run(session.main, ['commit', '--quiet', '--all', '--message=mine']);
      const taken = await changesOf(session);
      for (const mode of ['staged', 'commits'] as const) {
        const { applied, conflicts } = await applyChanges(session.checkout, taken, mode);
        assert.deepEqual(conflicts, ['edited.txt']);
        assert.match(await readFile(join(session.main, 'edited.txt'), 'utf8'), /<<<<<<</);
        await undoApply(session.checkout, applied);
      }
      assert.equal(await isThere(marker), false);
    });
  });

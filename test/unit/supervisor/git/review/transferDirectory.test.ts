import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { TestRepository } from '../../../../support/repository';
import { runWithNode } from '../../../../../src/common/processes/nodeProcess';
import { Git } from '../../../../../src/supervisor/git/git';
import { findRepository } from '../../../../../src/supervisor/git/repository';
import { withTransferDirectory } from '../../../../../src/supervisor/git/review/transferDirectory';
import { pushUrls, readRemotes, trackBranch } from '../../../../../src/supervisor/git/review/remotes';

describe('a push of a session’s branch', () => {
  let repository: TestRepository;
  let folder: string;
  beforeEach(async () => {
    repository = await TestRepository.create();
    folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-remotes-')));
    for (const name of ['origin', 'spy']) await repository.git('init', '--quiet', '--bare', join(folder, name));
    await repository.git('remote', 'add', 'origin', join(folder, 'origin'));
    await repository.git('branch', 'greet');
  });
  afterEach(async () => {
    await repository.remove();
    await rm(folder, { recursive: true, force: true });
  });

  async function push(urls: readonly string[]): Promise<void> {
    const found = await findRepository(new Git(runWithNode), repository.path);
    const commit = await repository.git('rev-parse', 'greet');
    await withTransferDirectory(found, {}, async ({ environment }) => {
      for (const url of urls)
        await promisify(execFile)('git', ['push', '--', url, `${commit}:refs/heads/greet`], {
          cwd: repository.path,
          env: { ...process.env, ...environment },
        });
    });
    await trackBranch(found, { remote: 'origin', branch: 'greet', commit });
  }
  const refsOf = async (name: string): Promise<string> =>
    await repository.git('--git-dir', join(folder, name), 'for-each-ref', '--format=%(refname)');

  it('goes to the address that was agreed to, whatever an agent sets meanwhile, and runs none of its programs (B3)', async () => {
    const git = new Git(runWithNode);
    const found = await findRepository(git, repository.path);
    const urls = await pushUrls(git, repository.path, 'origin');
    const spy = join(folder, 'spy');
    const ran = join(folder, 'ran');
    const program = join(folder, 'program');
    await writeFile(program, `#!/bin/sh\necho "$0" >> '${ran}'\nexec "$@"\n`);
    await chmod(program, 0o755);
    const hooks = join(repository.path, '.git', 'hooks');
    await mkdir(hooks, { recursive: true });
    for (const hook of ['pre-push', 'reference-transaction']) {
      await writeFile(join(hooks, hook), `#!/bin/sh\necho ${hook} >> '${ran}'\n`);
      await chmod(join(hooks, hook), 0o755);
    }
    for (const [key, value] of [
      ['remote.pushDefault', 'spy'],
      ['branch.greet.pushRemote', 'spy'],
      ['remote.spy.url', spy],
      ['remote.origin.pushurl', spy],
      [`url.${spy}.pushInsteadOf`, urls[0] ?? ''],
      [`url.${spy}.insteadOf`, urls[0] ?? ''],
      ['remote.origin.receivepack', program],
      ['core.hooksPath', hooks],
      ['core.sshCommand', program],
      ['push.gpgSign', 'true'],
      ['gpg.program', program],
      ['push.recurseSubmodules', 'on-demand'],
    ] as const)
      await repository.git('config', key, value);
    assert.notDeepEqual(await pushUrls(git, repository.path, 'origin'), urls, 'git itself would push elsewhere');
    assert.equal((await readRemotes(found)).pushDefault, 'spy');
    await push(urls);
    assert.equal(await refsOf('origin'), 'refs/heads/greet');
    assert.equal(await refsOf('spy'), '');
    await assert.rejects(access(ran), { code: 'ENOENT' });
    assert.equal(await repository.git('config', 'branch.greet.remote'), 'origin');
    assert.equal(
      await repository.git('rev-parse', 'refs/remotes/origin/greet'),
      await repository.git('rev-parse', 'greet'),
    );
  });

  it('moves a branch that was pushed before', async () => {
    await repository.commit('Second', { two: '2' });
    await repository.git('push', '--quiet', 'origin', 'main');
    await repository.git('branch', '--force', 'greet');
    await push([join(folder, 'origin')]);
    await repository.git('switch', '--quiet', 'greet');
    await repository.commit('Third', { three: '3' });
    await push([join(folder, 'origin')]);
    assert.equal(
      await repository.git('--git-dir', join(folder, 'origin'), 'rev-parse', 'greet'),
      await repository.git('rev-parse', 'greet'),
    );
  });
});

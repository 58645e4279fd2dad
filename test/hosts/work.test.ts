import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { runWithNode } from '../../src/common/processes/nodeProcess';
import { newId } from '../../src/storage/ids';
import { Git } from '../../src/supervisor/git/git';
import { resolveCommit, type Repository } from '../../src/supervisor/git/repository';
import { moveSnapshotRef, readSnapshotRef, snapshotRefName } from '../../src/supervisor/git/snapshots/snapshotRef';
import { ReconnectingHost } from '../../src/supervisor/hosts/reconnectingHost';
import { openTransport } from '../../src/supervisor/hosts/transport/openTransport';
import { fetchWork } from '../../src/supervisor/hosts/work/fetchWork';
import { hostRepositoryPath, openHostRepository } from '../../src/supervisor/hosts/work/hostRepository';
import { baseRefName } from '../../src/supervisor/hostProtocol/sessionRequests';
import { pushBase } from '../../src/supervisor/hosts/work/pushBase';
import type { HostRepository } from '../../src/supervisor/hosts/work/workHost';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { projectRoot } from '../support/project';
import { skip } from '../support/skip';
import { GitFixture, STORE_ID } from '../unit/supervisor/git/gitFixture';

const path = process.env['PATH'];

describe('work on a host behind ssh', () => {
  let machine: SshMachine;
  let connection: ReconnectingHost;
  let here: GitFixture;
  let repository: Repository;
  let far: HostRepository;
  before(async function () {
    const reason = await noSshMachine();
    if (reason !== undefined) skip(this, reason);
    here = await GitFixture.create();
    repository = await here.repository('main');
  });
  afterEach(async () => {
    connection.close();
    await machine.stop();
  });
  after(async () => {
    process.env['PATH'] = path;
    await here.remove();
  });

  async function connect(shell: string): Promise<void> {
    machine = await SshMachine.start({ shell, sshOptions: ['ServerAliveInterval 1', 'ServerAliveCountMax 2'] });
    process.env['PATH'] = machine.path;
    const bytes = await readFile(join(projectRoot, 'dist/corral-host.js'));
    const program = { version: '0.0.0', bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
    connection = new ReconnectingHost({
      name: 'far',
      version: '0.0.0',
      openTransport: async (options) =>
        await openTransport({ name: 'far', setting: { ssh: machine.alias } }, { program, ...options }),
      log: { info: () => undefined, warn: () => undefined, error: (message) => assert.fail(message) },
    });
    const state = await connection.reconnectNow();
    assert.equal(state.kind, 'connected', JSON.stringify(state));
    const { home, git } = await connection.probe('git');
    const host = {
      name: 'far',
      connection,
      farGit: git?.path ?? assert.fail('there is no git'),
      git: new Git(runWithNode),
      bundles: join(projectRoot, 'dist'),
    };
    const place = hostRepositoryPath(`${home}/.corral-host`, STORE_ID, repository);
    far = await openHostRepository(host, place, { storeId: STORE_ID, repository });
  }

  /** Git there, in the repository. Its output without the last newline. */
  async function there(...words: string[]): Promise<string> {
    const identity = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    };
    const { stdout, stderr, exitCode } = await connection.run([far.host.farGit, '-C', far.path, ...words], {
      environment: identity,
    });
    assert.equal(exitCode, 0, stderr);
    return stdout.toString().trimEnd();
  }

  /** A commit there on top of another one, with a file more. */
  async function commitThere(parent: string, content: string): Promise<string> {
    const blob = await connection.run([far.host.farGit, '-C', far.path, 'hash-object', '-w', '--stdin'], {
      input: content,
    });
    const file = `100644,${blob.stdout.toString().trim()},new.txt`;
    await there('read-tree', parent);
    await there('update-index', '--add', '--cacheinfo', file);
    return await there('commit-tree', '-m', content, '-p', parent, await there('write-tree'));
  }

  for (const shell of ['/bin/bash', '/usr/bin/tcsh'])
    it(`goes there and comes home, where the login shell is ${shell}`, async () => {
      await connect(shell);
      const [sessionId, base] = [newId(), await resolveCommit(repository, 'HEAD')];
      await moveSnapshotRef(repository, sessionId, base, undefined);
      await pushBase(far, repository, { sessionId, commit: base });
      assert.equal(await there('rev-parse', baseRefName(sessionId)), base);
      const work = await commitThere(base, 'work');
      await there('update-ref', snapshotRefName(sessionId), work);
      assert.equal((await fetchWork(far, repository, { sessionId })).commit, work);
      assert.equal((await readSnapshotRef(repository, sessionId))?.commit, work);
      assert.equal(await here.user(repository.mainWorktree, 'show', `${work}:new.txt`), 'work');
      assert.equal(await here.user(repository.mainWorktree, 'fsck', '--full', '--strict', '--no-dangling'), '');
      assert.equal(await there('fsck', '--full', '--strict', '--no-dangling'), '');
      assert.equal((await machine.runAsRoot('stat', '-c', '%a', far.path)).trim(), '700');
    });

  it('comes home after the cable was pulled', async () => {
    await connect('/bin/bash');
    const [sessionId, base] = [newId(), await resolveCommit(repository, 'HEAD')];
    await moveSnapshotRef(repository, sessionId, base, undefined);
    await pushBase(far, repository, { sessionId, commit: base });
    const work = await commitThere(base, 'cut');
    await there('update-ref', snapshotRefName(sessionId), work);
    await machine.setCable(false);
    await assert.rejects(fetchWork(far, repository, { sessionId }), { code: 'HOST_UNREACHABLE' });
    assert.equal((await readSnapshotRef(repository, sessionId))?.commit, base);
    await machine.setCable(true);
    assert.equal((await connection.reconnectNow()).kind, 'connected');
    assert.equal((await fetchWork(far, repository, { sessionId })).commit, work);
  });
});

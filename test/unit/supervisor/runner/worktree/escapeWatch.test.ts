import assert from 'node:assert/strict';
import { appendFile, chmod, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import type { DraftEvent, EventData } from '../../../../../src/storage/events';
import { EscapeWatch } from '../../../../../src/supervisor/runner/worktree/escapeWatch';
import { namedPaths } from '../../../../../src/supervisor/runner/worktree/namedPaths';
import { skip } from '../../../../support/skip';
import { GitFixture, write } from '../../git/gitFixture';

const STARTED: DraftEvent = { kind: 'run.started', data: { ordinal: 1, agent: 'a', driver: 'd', argv: [], cwd: '' } };

describe('the watch over what leaves a worktree', () => {
  let fixture: GitFixture;
  let count = 0;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function begin(git = fixture.git) {
    const session = await fixture.session(await fixture.repository(`repository ${++count}`));
    const told: string[] = [];
    const watch = new EscapeWatch(
      git,
      { sessionId: session.sessionId, cwd: session.path },
      session.repository.mainWorktree,
      (event) => {
        assert.ok(event.kind === 'error' && event.data.code === 'ESCAPE');
        told.push(event.data.message);
      },
    );
    watch.observe(STARTED);
    await watch.finish(false);
    let callId = 0;
    /** A tool call from its beginning to its end; `work` is what it does meanwhile. */
    const call = async (
      data: Pick<EventData<'tool.call'>, 'title' | 'category'> & {
        path?: string;
        command?: string;
        status?: 'ok' | 'denied';
      },
      work: () => Promise<unknown> = () => Promise.resolve(),
    ): Promise<void> => {
      const id = String(++callId);
      const locations = data.path === undefined ? [] : [{ path: data.path }];
      watch.observe({
        kind: 'tool.call',
        data: {
          callId: id,
          name: 'tool',
          title: data.title,
          input: { command: data.command },
          category: data.category,
          locations,
        },
      });
      await new Promise(setImmediate);
      await work();
      watch.observe({ kind: 'tool.result', data: { callId: id, status: data.status ?? 'ok', output: '' } });
      await watch.finish(false);
    };
    return { session, main: session.repository.mainWorktree, told, call, watch };
  }

  it('tells of a file that a tool changed elsewhere, also through a link, and of nothing that was refused or only read', async () => {
    const { session, main, told, call } = await begin();
    await call({ title: 'Edit src/a.ts', category: 'edit', path: 'src/a.ts' });
    await call({ title: 'Write new', category: 'edit', path: join(session.path, 'not/there/yet') });
    await call({ title: 'Read', category: 'read', path: join(main, 'src/a.ts') });
    await call({ title: 'Edit', category: 'edit', path: join(main, 'src/a.ts'), status: 'denied' });
    assert.deepEqual(told, []);
    await call({ title: 'Edit main', category: 'edit', path: '../../../src/a.ts' });
    await symlink(join(main, 'src'), join(session.path, 'linked'), 'junction');
    await call({ title: 'Edit link', category: 'edit', path: 'linked/a.ts' });
    assert.deepEqual(told, [
      `“Edit main” changed what lies outside of this session's worktree: ${join(main, 'src/a.ts')}`,
      `“Edit link” changed what lies outside of this session's worktree: ${join(session.path, 'linked/a.ts')}`,
    ]);
  });

  it('tells what a command named and changed, and blames it for nothing else', async () => {
    const { main, told, call } = await begin();
    const other = join(fixture.root, `other ${count}`);
    await mkdir(other);
    const [kept, gone] = [join(fixture.root, `kept-${count}`), join(fixture.root, `gone-${count}`)];
    for (const file of [kept, gone]) await writeFile(file, '');
    const age = async (): Promise<void> => await delay(50); // older by the disk's clock
    await age();
    const started = fixture.processes.started;
    await call(
      { title: 'npm test', category: 'execute', command: 'npm test' },
      async () => await write(main, { 'by-a-person.txt': 'p' }),
    );
    await call({ title: 'cat', category: 'execute', command: `cat ${kept}` });
    assert.deepEqual(told, []);
    assert.equal(fixture.processes.started, started, 'no git where nothing points outside');
    await call(
      { title: 'rm', category: 'execute', command: `rm '${gone}' && cat "${kept}"` },
      async () => await rm(gone),
    );
    await age();
    await call(
      { title: 'sed', category: 'execute', command: `cd ../../.. ; sed -i s/a/b/ src/a.ts` },
      async () => await appendFile(join(main, 'src/a.ts'), 'x'),
    );
    assert.match(told.join('\n'), /“rm” changed .*gone-\d+$/m);
    assert.match(told.join('\n'), /“sed” changed .*a\.ts$/m);
    assert.equal(told.length, 2);
  });

  /** Commands that all work in the main checkout, and end at the same moment. */
  async function endTogether({ watch }: Awaited<ReturnType<typeof begin>>, count: number): Promise<void> {
    const ids = Array.from({ length: count }, (_, index) => `together ${index}`);
    for (const callId of ids)
      watch.observe({
        kind: 'tool.call',
        data: {
          callId,
          name: 'tool',
          title: callId,
          input: { command: 'cd ../../..' },
          category: 'execute',
          locations: [],
        },
      });
    for (const callId of ids) watch.observe({ kind: 'tool.result', data: { callId, status: 'ok', output: '' } });
    await watch.finish(false);
  }

  it('asks git once for all that waited for its answer', async () => {
    const costOf = async (count: number): Promise<number> => {
      const begun = await begin();
      const started = fixture.processes.started;
      await endTogether(begun, count);
      return fixture.processes.started - started;
    };
    const one = await costOf(1);
    assert.ok(one > 0);
    assert.equal(await costOf(20), one);
  });

  it('keeps the end of a run back no longer than its limit where git hangs', async function () {
    if (process.platform === 'win32') skip(this, 'the git that hangs is a script');
    const { git, hangs, end } = await fixture.hangingGit('diff-index');
    const begun = await begin(git);
    const looking = endTogether(begun, 3);
    await hangs();
    await begun.watch.finish(true);
    await end();
    await looking;
  });

  it("tells of git's configuration and hooks, and not of everyday settings", async () => {
    const { session, main, told, call } = await begin();
    const git = async (...parameters: string[]): Promise<unknown> => await fixture.user(session.path, ...parameters);
    await git('remote', 'add', 'origin', 'https://example.org/x');
    await call({ title: 'ls', category: 'execute', command: 'ls' });
    told.length = 0;
    await call(
      { title: 'git push', category: 'execute', command: 'git push' },
      async () => await git('config', 'branch.x.remote', 'origin'),
    );
    assert.deepEqual(told, []);
    await call(
      { title: 'git config', category: 'execute', command: 'git config …' },
      async () => await git('config', 'core.fsmonitor', './own'),
    );
    const hook = join(main, '.git/hooks/pre-commit');
    await mkdir(join(main, '.git/hooks'), { recursive: true });
    await call({ title: 'install', category: 'execute', command: './install' }, async () => {
      await writeFile(hook, '#!/bin/sh\n');
      await chmod(hook, 0o755);
      await utimes(hook, 1, 1);
    });
    assert.deepEqual(told, [
      "While “git config” ran, git's configuration of the repository changed: core.fsmonitor",
      "While “install” ran, git's configuration of the repository changed: the hook pre-commit",
    ]);
  });

  /** A session in a repository with a remote and a submodule in the worktree. */
  async function beginWithSubmodule() {
    const begun = await begin();
    const { main, session } = begun;
    const user = async (folder: string, ...parameters: string[]): Promise<unknown> =>
      await fixture.user(folder, ...parameters);
    const library = await fixture.repository(`library ${count}`);
    await user(main, 'remote', 'add', 'origin', library.mainWorktree);
    await user(session.path, '-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', library.mainWorktree, 'lib');
    await begun.call({ title: 'ls', category: 'execute', command: 'ls' });
    begun.told.length = 0;
    return { ...begun, user, library };
  }

  it('names every setting and file that can name a program or a remote (B4)', async () => {
    const { session, main, told, call, user } = await beginWithSubmodule();
    const sub = join(session.path, 'lib');
    const subDirectory = (await fixture.git.text(sub, ['rev-parse', '--absolute-git-dir'])).trim();
    const cases: [name: string, work: () => Promise<unknown>][] = [
      ...(
        [
          ['submodule.lib.update', '!touch pwn'],
          ['submodule.lib.url', 'ext::sh -c pwn'],
          ['remote.origin.uploadpack', 'touch pwn'],
          ['remote.origin.receivepack', 'touch pwn'],
          ['remote.origin.vcs', 'evil'],
          ['remote.origin.pushurl', 'https://evil.example'],
          ['remote.origin.url', 'https://evil.example'],
          ['remote.origin.proxy', 'http://evil.example'],
          ['remote.origin.promisor', 'true'],
          ['remote.evil.url', 'https://evil.example'],
          ['branch.a.remote', 'unknown'],
          ['branch.b.remote', 'https://evil.example'],
          ['branch.a.pushremote', 'unknown'],
          ['remote.pushdefault', 'evil'],
          ['url.https://evil.example/.insteadof', 'https://example.org/'],
          ['core.sshcommand', 'evil'],
          ['filter.evil.clean', 'evil'],
          ['alias.st', '!evil'],
          ['credential.helper', '!evil'],
          ['include.path', '/elsewhere'],
        ] as const
      ).map(([name, value]): [string, () => Promise<unknown>] => [
        name,
        async () => await user(session.path, 'config', name, value),
      ]),
      ['core.worktree', async () => await write(main, { '.git/config.worktree': '[core]\n\tworktree = /elsewhere\n' })],
      ['the file info/attributes', async () => await write(main, { '.git/info/attributes': '* filter=evil\n' })],
      ['the file info/exclude', async () => await write(main, { '.git/info/exclude': '/.corral/\nsecret\n' })],
      [
        'the file objects/info/alternates',
        async () => await write(main, { '.git/objects/info/alternates': '/other\n' }),
      ],
      ['the hook post-checkout', async () => await write(main, { '.git/hooks/post-checkout': '#!/bin/sh\n' })],
      ['core.fsmonitor of the submodule lib', async () => await user(sub, 'config', 'core.fsmonitor', './own')],
      [
        'the file info/attributes of the submodule lib',
        async () => await write(subDirectory, { 'info/attributes': '* filter=evil\n' }),
      ],
      [
        'the hook pre-push of the submodule lib',
        async () => await write(subDirectory, { 'hooks/pre-push': '#!/bin/sh\n' }),
      ],
    ];
    for (const [name, work] of cases) {
      told.length = 0;
      await call({ title: name, category: 'execute', command: 'x' }, work);
      assert.deepEqual(told, [`While “${name}” ran, git's configuration of the repository changed: ${name}`]);
    }
    told.length = 0;
    await call({ title: 'redirect', category: 'execute', command: 'x' }, async () => {
      await writeFile(join(session.path, '.git'), `gitdir: ${subDirectory}\n`);
    });
    assert.match(told.join(), /the worktree’s file \.git/);
  });

  it('says nothing of what everyday commands write (B4)', async () => {
    const { session, main, told, call, user, library } = await beginWithSubmodule();
    const local = ['-c', 'protocol.file.allow=always'];
    await user(main, 'commit', '-q', '--allow-empty', '-m', 'one');
    const commands: string[][] = [
      ['switch', '-q', '-c', 'topic'],
      ['push', '-q', '-u', 'origin', 'topic'],
      ['branch', 'second', '--track', 'topic'],
      ['config', 'branch.topic.description', 'words'],
      ['fetch', '-q', 'origin'],
      ['submodule', 'init'],
      [...local, 'submodule', 'update', '-q', '--init', '--recursive'],
      ['submodule', 'sync', '-q'],
      [...local, 'submodule', 'add', '-q', library.mainWorktree, 'another'],
      ['config', 'submodule.lib.update', 'rebase'],
      ['branch', '-D', '-q', 'second'],
      ['gc', '-q'],
    ];
    for (const command of commands)
      await call(
        { title: command.join(' '), category: 'execute', command: 'x' },
        async () => await user(session.path, ...command),
      );
    assert.deepEqual(told, []);
  });

  it('finds the paths in what a tool was given', () => {
    const cwd = join(fixture.root, 'w');
    assert.deepEqual(
      namedPaths({ command: ['bash', '-c', 'cd .. && cat "/tmp/a b" > /dev/null; x --file=../c ~/d\n/e'] }, cwd),
      ['/tmp/a b', fixture.root, '/tmp/a', join(fixture.root, 'c'), join(homedir(), 'd'), '/e'],
    );
    assert.deepEqual(namedPaths({ command: 'npm run build -- a/b ./c https://x.org/y' }, cwd), []);
    assert.deepEqual(namedPaths(undefined, cwd), []);
  });
});

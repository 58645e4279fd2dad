import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import type { CorralError } from '../../../../src/storage/errors';
import type { ForgeTools } from '../../../../src/supervisor/forge/findForge';
import { forgeOf, listForgeRemotes, openForge } from '../../../../src/supervisor/forge/findForge';
import { headRefOf, pageOf, type Forge } from '../../../../src/supervisor/forge/forge';
import { credentialSetting } from '../../../../src/supervisor/forge/forgeProgram';
import type { FoundIssues } from '../../../../src/supervisor/forge/issueSearch';
import { IssueSearch } from '../../../../src/supervisor/forge/issueSearch';
import { Git } from '../../../../src/supervisor/git/git';
import { findRepository } from '../../../../src/supervisor/git/repository';
import { fetchHead } from '../../../../src/supervisor/git/review/fetchHead';
import { canAskForge, NO_FORGE } from '../../../support/forge/certificate';
import { ForgeServer, TOKEN } from '../../../support/forge/forgeServer';
import { TestRepository } from '../../../support/repository';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';

const { signal } = new AbortController();

describeIf(canAskForge, NO_FORGE, 'issues and pull requests, asked for by the real gh', () => {
  let server: ForgeServer;
  let tools: ForgeTools;
  before(async () => (server = await ForgeServer.start()));
  after(async () => await server.stop());
  beforeEach(() => {
    tools = { runProcess: runWithNode, environment: { PATH: process.env['PATH'], ...server.environment } };
    server.issues = [
      { number: 12, title: 'Greet everyone', body: 'By name.' },
      { number: 13, title: 'Bow to everyone', state: 'CLOSED' },
    ];
    server.pullRequests = [{ number: 34, title: 'Greet in French', body: 'Bonjour' }];
    server.searches.length = 0;
    server.tokens.clear();
  });
  afterEach(() => {
    server.refusal = server.held = undefined;
  });

  const open = async (path = 'octo/shop', host = server.host): Promise<Forge> =>
    forgeOf(await openForge({ host, path }, tools, signal));
  const fails = async (code: string, words: RegExp, action: () => Promise<unknown>): Promise<void> =>
    await assert.rejects(action, (error: CorralError) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, words);
      return true;
    });

  it('lists those that changed last, what the search finds, and the one with a number', async () => {
    const forge = await open();
    assert.deepEqual(await forge.list('issue', '', signal), [
      {
        kind: 'issue',
        number: 12,
        title: 'Greet everyone',
        author: 'alice',
        updatedAt: '2026-03-02T10:00:00Z',
        isOpen: true,
      },
    ]);
    assert.deepEqual(
      (await forge.list('issue', 'bow', signal)).map(({ number }) => number),
      [13],
    );
    assert.deepEqual(
      (await forge.list('pullRequest', 'is:closed french', signal)).map(({ number }) => number),
      [34],
    );
    assert.deepEqual(server.searches, [
      'repo:octo/shop is:issue is:open bow sort:updated-desc',
      'repo:octo/shop is:pr is:closed french sort:updated-desc',
    ]);
    assert.equal((await forge.find('issue', 13, signal))?.isOpen, false);
    assert.equal(await forge.find('issue', 99, signal), undefined);
    assert.deepEqual([...server.tokens], [TOKEN]);
  });

  it('reads the last comments and reviews in their order, and tells how many it left out', async () => {
    const comments = Array.from({ length: 40 }, (_, index) => ({
      author: index === 39 ? null : { login: 'bob' },
      createdAt: `2026-03-01T09:${String(index).padStart(2, '0')}:00Z`,
      body: `comment ${index}`,
    }));
    const review = { author: { login: 'eve' }, createdAt: '2026-03-01T09:38:30Z', body: '' };
    const line = { author: { login: 'eve' }, createdAt: '2026-03-01T09:38:31Z', body: 'Merci', path: 'src/greet.ts' };
    server.pullRequests = [{ number: 34, title: 'T', body: 'B', comments, reviews: [{ ...review, comments: [line] }] }];
    const read = await (await open()).read('pullRequest', 34, signal);
    assert.equal(read.comments.length, 30);
    assert.deepEqual(
      read.comments.slice(-3).map(({ author, text, path }) => [author, text, path]),
      [
        ['bob', 'comment 38', undefined],
        ['eve', 'Merci', 'src/greet.ts'],
        ['', 'comment 39', undefined],
      ],
    );
    assert.deepEqual([read.earlierComments, read.body, read.branches], [11, 'B', { head: 'topic', base: 'main' }]);
  });

  it('says what to do where a program is missing, signed out, cut off, or has asked too often', async () => {
    const forge = await open();
    const list = async (): Promise<unknown> => await forge.list('issue', '', signal);
    server.refusal = { status: 401, message: 'Bad credentials' };
    await fails('FORGE_SIGNED_OUT', /gh auth login --hostname 127\.0\.0\.1/, list);
    server.refusal = { status: 403, message: 'API rate limit exceeded for user ID 1.' };
    await fails('FORGE_LIMIT', /Try again later/, list);
    server.refusal = { status: 502, message: 'Something\u202e went\nwrong' };
    await fails('FORGE_FAILED', /gh failed: Something went wrong/, list);
    server.refusal = undefined;
    await fails('FORGE_FAILED', /no repository octo\/secret that you can see/, async () =>
      (await open('octo/secret')).list('issue', '', signal),
    );
    await fails('FORGE_FAILED', /nothing with the number 99/, async () => await forge.read('issue', 99, signal));
    const gone = await ForgeServer.start();
    tools = { ...tools, environment: { ...tools.environment, ...gone.environment } };
    const cutOff = await open('octo/shop', gone.host);
    await gone.stop();
    await fails('FORGE_UNREACHABLE', /cannot be reached/, async () => await cutOff.list('issue', '', signal));
    tools = { ...tools, environment: { PATH: server.folder } };
    await fails(
      'FORGE_PROGRAM_MISSING',
      /Install it, and sign in with “gh auth login --hostname github\.com”/,
      async () => open('octo/shop', 'github.com'),
    );
    const ended = new AbortController();
    ended.abort();
    await fails('CANCELLED', /cancelled/i, async () => await forge.list('issue', '', ended.signal));
  });

  it('sends no token to a host to which nobody has signed in', async () => {
    const spy = await ForgeServer.start();
    try {
      await fails('FORGE_SIGNED_OUT', /Neither gh nor glab is signed in to/, async () => open('octo/shop', spy.host));
      assert.deepEqual([...spy.tokens], []);
    } finally {
      await spy.stop();
    }
  });

  it('ends the search for what was typed before', async () => {
    const shown: FoundIssues[] = [];
    const search = new IssueSearch(await open(), 'issue', (found) => shown.push(found));
    let release: () => void = () => undefined;
    server.held = new Promise((resolve) => (release = resolve));
    const first = search.search('bow');
    await waitFor(() => server.searches.length === 1, { what: 'the first search' });
    server.held = undefined;
    await search.search('#12');
    release();
    await first;
    assert.deepEqual(
      shown.filter(({ isSearching }) => !isSearching).map(({ issues }) => issues.map(({ number }) => number)),
      [[12]],
    );
    search.end();
  });

  it('fetches the head of a pull request into a ref of its own, whatever an agent set for git', async () => {
    const repository = await TestRepository.create();
    try {
      server.repositories = join(server.folder, 'git');
      const bare = join(server.repositories, 'octo/shop.git');
      await mkdir(join(server.repositories, 'octo'), { recursive: true });
      await repository.git('clone', '--quiet', '--bare', repository.path, bare);
      const head = await repository.commit('From a fork', { 'bonjour.txt': 'Bonjour\n' });
      await repository.git('push', '--quiet', bare, `${head}:refs/pull/34/head`);
      await repository.git('reset', '--quiet', '--hard', 'HEAD~1');
      await repository.git('reflog', 'expire', '--expire=now', '--all');
      await repository.git('gc', '--quiet', '--prune=now');
      const url = `https://${server.host}/octo/shop.git`;
      await repository.git('remote', 'add', 'origin', url);
      for (const [key, value] of [
        ['http.proxy', 'http://127.0.0.1:1'],
        ['credential.helper', '!touch ran; false'],
        ['fetch.prune', 'true'],
        ['remote.origin.fetch', '+refs/pull/*:refs/heads/*'],
      ] as const)
        await repository.git('config', key, value);
      const before = await repository.git('for-each-ref', 'refs/heads', 'refs/remotes', 'refs/tags');
      const found = await findRepository(new Git(runWithNode), repository.path);
      const [remote] = await listForgeRemotes(found);
      assert.ok(remote);
      const opened = await openForge(remote, tools, signal);
      const saved = { ...process.env };
      Object.assign(process.env, server.environment); // git and its helper are children of this process
      try {
        const credentials = credentialSetting(opened.program, opened.repository.host);
        const address = { url: remote.url, ref: headRefOf(opened.repository, 34), credentials };
        for (let index = 0; index < 50; index++)
          await repository.git('update-ref', `refs/corral-heads/${index}`, 'main');
        assert.equal(await fetchHead(found, address, signal), head);
      } finally {
        process.env = saved;
      }
      const refs = (await repository.git('for-each-ref', '--format=%(objectname) %(refname)')).split('\n');
      const own = refs.filter((ref) => ref.includes('refs/corral-heads/'));
      assert.equal(own.length, 50); // the oldest is forgotten
      assert.equal(own.filter((ref) => ref.startsWith(head)).length, 1);
      assert.equal(await repository.git('for-each-ref', 'refs/heads', 'refs/remotes', 'refs/tags'), before);
      assert.equal(await repository.git('status', '--porcelain'), '');
      assert.equal(pageOf(opened.repository, 'pullRequest', 34), `https://${server.host}/octo/shop/pull/34`);
    } finally {
      await repository.remove();
    }
  });
});

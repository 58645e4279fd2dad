import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import type { ComposerMessage } from '../../../../src/protocol/composerProtocol';
import { ComposerHost } from '../../../../src/views/composer/composerHost';
import { PromptDrafts } from '../../../../src/views/composer/promptDrafts';
import { PromptHost } from '../../../../src/views/composer/promptHost';
import { RepositoryFiles } from '../../../../src/views/composer/repositoryFiles';
import { Git } from '../../../../src/supervisor/git/git';

describe('ComposerHost', () => {
  let folder: string;
  let drafts: PromptDrafts;
  /** Prompts of the sessions that were started. */
  let started: string[];
  /** The repository at each change of a prompt. */
  let written: string[];
  /** What the next starts come to. */
  let refusal: string | undefined;
  /** Why no session can start with what is chosen. */
  let problem: string | undefined;
  let host: ComposerHost<object>;
  const shown: ComposerMessage[] = [];
  const page = { post: (message: ComposerMessage) => void shown.push(message) };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-composer-'));
    const values = new Map<string, unknown>();
    const memory = {
      keys: () => [...values.keys()],
      get: (key: string) => values.get(key),
      update: async (key: string, value: unknown) => {
        await Promise.resolve();
        values.set(key, value);
      },
    };
    drafts = new PromptDrafts(memory, folder);
    started = [];
    written = [];
    refusal = problem = undefined;
    shown.length = 0;
    const prompts = new PromptHost({
      drafts,
      files: new RepositoryFiles(new Git(runWithNode)),
      chooseFiles: async () => await Promise.resolve([]),
      pathOf: () => undefined,
    });
    host = new ComposerHost<object>(prompts, memory, {
      listRepositories: async () => await Promise.resolve([folder]),
      chooseRepository: async () => await Promise.resolve(undefined),
      readChoices: async () => await Promise.resolve({}),
      check: async () => {
        await Promise.resolve();
        if (problem !== undefined) throw new Error(problem);
      },
      choose: async () => await Promise.resolve(),
      keep: async () => await Promise.resolve(),
      showChoice: () => undefined,
      commandsOf: async () => await Promise.resolve([]),
      written: (repository) => void written.push(repository),
      history: async () => await Promise.resolve([]),
      start: async ({ prompt }) => {
        if (refusal !== undefined) throw new Error(refusal);
        started.push(prompt);
        return await Promise.resolve('session');
      },
      attempt: async (action) =>
        await action().then(
          () => undefined,
          (error: unknown) => ({
            message: String(error),
            mends: [{ label: 'Check Again', act: async () => await Promise.resolve() }],
          }),
        ),
      started: () => undefined,
    });
    host.addPage(page);
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const start = async (requestNumber: number): Promise<void> => {
    await host.receive(page, { type: 'request', requestNumber, method: 'start', parameters: { text: 'Boil water' } });
  };

  it('tells of a prompt that is written, so that its worktree is made ready, and of no empty one', async () => {
    for (const text of ['', ' ', 'B', 'Bo'])
      await host.receive(page, { type: 'request', requestNumber: 1, method: 'saveDraft', parameters: { text } });
    assert.deepEqual(written, [folder, folder]);
  });

  it('starts one session when the keys that start are pressed twice', async () => {
    await Promise.all([start(1), start(2)]);
    assert.deepEqual(started, ['Boil water']);
    assert.equal(drafts.read(`repository ${folder}`).text, '');
    await start(3);
    assert.equal(started.length, 2, 'a later prompt of the same words starts');
  });

  it('keeps a prompt that was refused, and takes it again', async () => {
    refusal = 'No such agent';
    await start(1);
    assert.equal(drafts.read(`repository ${folder}`).text, 'Boil water');
    refusal = undefined;
    await start(2);
    assert.deepEqual(started, ['Boil water']);
  });

  it('says there and then that the chosen agent is not installed, until it is', async () => {
    const ask = async (method: string, parameters: object): Promise<void> =>
      await host.receive(page, { type: 'request', requestNumber: 1, method, parameters });
    const failure = (): string | undefined => {
      const last = shown.findLast((message) => message.type === 'state');
      return last?.type === 'state' ? last.state.failure?.message : undefined;
    };
    problem = 'It is not installed';
    await ask('choose', { part: 'agent' });
    assert.equal(failure(), 'Error: It is not installed');
    await ask('mend', { index: 0 });
    assert.equal(failure(), 'Error: It is not installed', 'it is still not');
    problem = undefined;
    await host.checkAgain();
    assert.equal(failure(), undefined);
    refusal = 'No commit';
    await start(2);
    await host.checkAgain();
    assert.equal(failure(), 'Error: No commit', 'a check takes away no other failure');
  });
});

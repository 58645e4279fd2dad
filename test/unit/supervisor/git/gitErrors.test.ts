import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { gitError } from '../../../../src/supervisor/git/gitErrors';

const failureSchema = v.object({ code: v.number(), stderr: v.string() });

describe('errors of git', () => {
  it('say in plain words that a folder is in no repository, and more where a worktree lost its own', () => {
    const plain = 'fatal: not a git repository (or any of the parent directories): .git\n';
    const { code, message } = gitError('rev-parse', 128, undefined, plain);
    assert.deepEqual({ code, message }, { code: 'NO_REPOSITORY', message: 'This folder is in no Git repository.' });
    const lost = gitError('rev-parse', 128, undefined, 'fatal: not a git repository: /home/robin/.git/worktrees/tea\n');
    assert.equal(lost.code, 'NO_REPOSITORY');
    assert.match(lost.message, /worktrees\/tea/);
  });

  it('take a worktree that another process is adding or removing for a lock', () => {
    for (const reason of ['Success', 'No such file or directory']) {
      const stderr = `fatal: failed to read .git/worktrees/tea/commondir: ${reason}\n`;
      assert.equal(gitError('worktree', 128, undefined, stderr).code, 'GIT_LOCKED');
    }
  });

  it('say what to do where git does not know the name of the user (20)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'corral-identity-'));
    const { PATH } = process.env;
    const environment = { PATH, HOME: folder, XDG_CONFIG_HOME: folder, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' };
    const git = async (...words: string[]): Promise<unknown> =>
      await promisify(execFile)('git', ['-c', 'user.useConfigOnly=true', ...words], { cwd: folder, env: environment });
    try {
      await git('init');
      const failure = v.parse(
        failureSchema,
        await git('commit', '--allow-empty', '-m', 'x').catch((error: unknown) => error),
      );
      const error = gitError('commit', failure.code, undefined, failure.stderr);
      assert.equal(error.code, 'GIT_IDENTITY');
      assert.match(error.message, /git config --global user\.name .*try again/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

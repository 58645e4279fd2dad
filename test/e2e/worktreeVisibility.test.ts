import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import { runWithNode } from '../../src/common/processes/nodeProcess';
import { newId } from '../../src/storage/ids';
import { Git } from '../../src/supervisor/git/git';
import { findRepository } from '../../src/supervisor/git/repository';
import { createWorktree, planWorktree } from '../../src/supervisor/git/worktrees/worktreeCreation';
import type { TestRepository } from '../support/repository';
import { skip } from '../support/skip';
import { useProgramFolder } from '../support/vscode/programFolder';
import { useWindow } from '../support/vscode/useWindow';
import type { Window } from '../support/vscode/window';
import { waitFor } from '../support/wait';

describe('worktrees inside the repository', () => {
  const programs = useProgramFolder();
  let repository: TestRepository;
  let window: Window;
  useWindow(
    () => ({ repository: { name: 'greeter' }, server: { environment: programs.environment() } }),
    async (opened) => {
      ({ repository, window } = opened);
      await window.showContainer('Corral');
      await window.runCommand('Corral: New Session…');
      await window.answerInput('edit README.md More; edit notes.txt precious');
      await opened.sessions.row('Completed').waitFor();
    },
  );

  const worktrees = async (): Promise<string[]> => await readdir(join(repository.path, '.corral/worktrees'));

  it('stay out of the Source Control view and of search, also ten of them', async function () {
    if (process.platform === 'win32') skip(this, "the git that logs VS Code's commands is a shell script");
    const found = await findRepository(new Git(runWithNode), repository.path);
    const baseCommit = await repository.git('rev-parse', 'HEAD');
    const made: string[] = [];
    while ((await worktrees()).length < 10) {
      const planned = planWorktree(found, { sessionId: newId(), storeId: 'another' }, 'inside');
      made.push((await createWorktree(planned, baseCommit)).path);
    }
    // Logs the commands of Source Control, which sets this variable. The reload makes the window look for git again.
    const real = (await promisify(execFile)('sh', ['-c', 'command -v git'])).stdout.trim();
    const log = `[ -z "$VSCODE_GIT_COMMAND" ] || printf '%s\\t%s\\n' "$PWD" "$*" >> '${programs.path('log')}'`;
    await programs.addScript('git', `${log}\nexec '${real}' "$@"`);
    await window.reload();
    await window.page.getByRole('tab', { name: /^Source Control/ }).click();
    const loggedCommands = async (): Promise<string[]> =>
      (await readFile(programs.path('log'), 'utf8')).split('\n').filter((line) => line !== '');
    // VS Code's watcher may start late, so the file is written again until it is shown.
    const writeUntilShown = async (file: string): Promise<void> => {
      await waitFor(
        async () => {
          await repository.write(file, 'a needle\n');
          await window.page.locator('.scm-view .monaco-list-row', { hasText: file }).waitFor({ timeout: 5_000 });
          return true;
        },
        { what: `${file} in Source Control` },
      );
    };
    await writeUntilShown('first.txt');
    const before = (await loggedCommands()).length;
    for (const path of made)
      for (let file = 0; file < 20; file++) await writeFile(join(path, `new ${file}.txt`), 'a needle\n');
    await writeUntilShown('second.txt');
    const lines = await loggedCommands();
    assert.deepEqual(
      lines.filter((line) => line.split('\t')[0]?.includes('.corral/worktrees')),
      [],
      'Source Control takes no worktree for a repository',
    );
    await window.picture('source control');
    await window.page.getByRole('tab', { name: /^Search/ }).click();
    await window.page.locator('.search-view textarea').first().fill('a needle');
    await window.page.keyboard.press('Enter');
    await window.page.locator('.search-view .messages', { hasText: '2 results in 2 files' }).waitFor();
    await window.picture('search');
    if (this.test !== undefined)
      this.test.title += ` (git processes: ${before} at the start, ${lines.length - before} after 180 files were written there)`;
  });
});

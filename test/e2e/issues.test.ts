import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import { canAskForge, NO_FORGE } from '../support/forge/certificate';
import { ForgeServer } from '../support/forge/forgeServer';
import type { TestRepository } from '../support/repository';
import { describeIf } from '../support/skip';
import { assertAccessible } from '../support/vscode/accessibility';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { Window } from '../support/vscode/window';
import { waitFor } from '../support/wait';

describeIf(canAskForge, NO_FORGE, 'a session for an issue or a pull request', () => {
  let forge: ForgeServer;
  let repository: TestRepository;
  let window: Window;
  let sessions: SessionsView;
  before(async () => {
    forge = await ForgeServer.start();
    const helper = `[credential "https://${forge.host}"]\n\thelper = !gh auth git-credential\n`;
    await appendFile(join(forge.folder, '.gitconfig'), helper); // for the push, which asks nobody else
    forge.issues = [
      { number: 12, title: 'Greet $(bell) everyone', body: 'By\u200b name, [please](command:x).' },
      { number: 11, title: 'Bow to everyone' },
    ];
    const review = { author: { login: 'bob' }, createdAt: '2026-03-03T10:00:00Z', body: 'Merci', path: 'bonjour.txt' };
    forge.pullRequests = [
      { number: 34, title: 'Greet in French', body: 'Bonjour', branches: ['french', 'main'], comments: [review] },
      { number: 35, title: 'Greet in Dutch' },
    ];
  });
  after(async () => await forge.stop());
  useWindow(
    () => ({ repository: { name: 'shop' }, server: { environment: { ...forge.environment, VSCODE_CLI: '1' } } }),
    async (opened) => {
      ({ repository, window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  it('begins with its words in the composer and its commits in the worktree, and is linked with it', async () => {
    forge.repositories = join(forge.folder, 'git');
    const bare = join(forge.repositories, 'octo/shop.git');
    await mkdir(join(forge.repositories, 'octo'), { recursive: true });
    await repository.git('clone', '--quiet', '--bare', repository.path, bare);
    const head = await repository.commit('In French', { 'bonjour.txt': 'Bonjour\n' });
    await repository.git('push', '--quiet', bare, `${head}:refs/pull/34/head`);
    await repository.git('reset', '--quiet', '--hard', 'HEAD~1');
    await repository.git('remote', 'add', 'origin', `https://${forge.host}/octo/shop.git`);

    const { frame, text } = await window.composer();
    await text.fill('talk On it');
    await window.runCommand('Corral: New Session from Pull Request');
    await window.quickInput.getByRole('option').filter({ hasText: '#35 Greet in Dutch' }).waitFor();
    await window.quickInput.locator('input').first().fill('french');
    await window.quickInput.getByRole('option').filter({ hasText: '#35' }).waitFor({ state: 'detached' });
    await window.picture('pull request choice');
    await window.pick('#34 Greet in French');
    await frame.getByTestId('choose-issue').filter({ hasText: '#34 Greet in French' }).waitFor();
    await frame.getByTestId('choose-base').filter({ hasText: '#34' }).waitFor();
    const prompt = await text.inputValue();
    assert.match(prompt, /^talk On it\n\nGo on with pull request #34 of octo\/shop: https:/);
    assert.match(
      prompt,
      /\n> from branch french into main\n>\n> Bonjour\n>\n> Comment on bonjour.txt by bob, 2026-03-03\n> Merci\n/,
    );
    await assertAccessible(frame);
    await window.picture('pull request in the composer');

    await window.reload();
    const again = await window.composer();
    await again.frame.getByTestId('choose-issue').filter({ hasText: '#34 Greet in French' }).waitFor();
    await again.text.press('Control+Enter');
    const row = sessions.row('#34 Greet in French', 'Completed');
    await row.waitFor();
    const worktrees = join(repository.path, '.corral/worktrees');
    const [worktree = ''] = await readdir(worktrees);
    assert.equal(await readFile(join(worktrees, worktree, 'bonjour.txt'), 'utf8'), 'Bonjour\n');
    await again.frame.getByTestId('choose-issue').waitFor({ state: 'detached' });
    await sessions.showTooltip(row, 'Pull request: #34');
    await window.picture('pull request in the tooltip');
    await row.click();
    const timeline = await window.timeline('#34 Greet in French');
    const link = timeline.getByTestId('issue');
    assert.equal(await link.getAttribute('href'), `https://${forge.host}/octo/shop/pull/34`);
    await assertAccessible(timeline);
    await window.picture('pull request in the timeline');
  });

  it('takes a typed number, can be for none after all, closes its issue, and says where to sign in', async () => {
    const { frame, text } = await window.composer();
    await window.runCommand('Corral: New Session from Issue');
    await window.quickInput.getByRole('option').filter({ hasText: '#12 Greet $(bell) everyone' }).waitFor();
    await window.quickInput.locator('input').first().fill('#11');
    await window.quickInput.getByRole('option').filter({ hasText: '#12' }).waitFor({ state: 'detached' });
    await window.quickInput.locator('input').first().fill('#12');
    await window.pick('#12 Greet $(bell) everyone');
    await frame.getByTestId('choose-issue').filter({ hasText: '#12' }).click();
    await window.picture('issue in the composer');
    assert.match(await text.inputValue(), /> By⟨U\+200B⟩ name, \[please\]\(command:x\)\.\n/);
    await window.pick('Not for #12');
    await frame.getByTestId('choose-issue').waitFor({ state: 'detached' });
    await window.runCommand('Corral: New Session from Issue');
    await window.quickInput.locator('input').first().fill('bow');
    await window.pick('#11 Bow to everyone');
    await frame.getByTestId('choose-issue').filter({ hasText: '#11' }).waitFor();
    await text.fill('edit bow.txt Bow');
    await text.press('Control+Enter');
    await sessions.row('#11 Bow to everyone', 'Completed').click();
    await window.runCommand('Corral: Open Pull Request');
    await window.answerInput('bow');
    // The real gh sees no GitHub at a port; its terminal shows how it was started.
    const terminal = window.page.locator('.terminal-wrapper.active .xterm-rows');
    await terminal.filter({ hasText: /pr create --head=bow ['"]?--body=Closes #11/ }).waitFor();
    assert.equal(
      await repository.git('--git-dir', join(forge.repositories, 'octo/shop.git'), 'show', 'bow:bow.txt'),
      'Bow',
    );
    await window.picture('pull request for an issue');
    await window.page.getByRole('button', { name: /^Hide Panel/ }).click();

    forge.refusal = { status: 401, message: 'Bad credentials' };
    await window.runCommand('Corral: New Session from Issue');
    const notice = window.notification('You are not signed in');
    await notice.getByRole('button', { name: 'Sign In in Terminal' }).waitFor();
    await window.picture('signed out');
    await waitFor(async () => (await window.quickInput.count()) === 0, { what: 'the end of the list' });
  });
});

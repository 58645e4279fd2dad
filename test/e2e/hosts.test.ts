import assert from 'node:assert/strict';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { useWindow } from '../support/vscode/useWindow';
import type { Window } from '../support/vscode/window';

describe('another host', () => {
  let home: string;
  let window: Window;
  const enter = (...variables: string[]): string[] => [
    ...['env', '-i', `HOME=${home}`, 'SHELL=/bin/sh', `PATH=${dirname(process.execPath)}:/usr/bin:/bin`],
    ...variables,
  ];
  before(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'corral-home-')));
    await writeFile(join(home, 'git'), '#!/bin/sh\necho git version 2.34.1\n', { mode: 0o700 });
    await writeFile(join(home, '.profile'), 'echo "Welcome to the far machine"\n');
  });
  after(async () => await rm(home, { recursive: true, force: true }));
  useWindow(
    () => ({
      repository: { name: 'shop' },
      server: {
        settings: {
          'corral.hosts': {
            far: { exec: enter() },
            'old-git': { exec: enter(), git: `${home}/git` },
            wrong: { ssh: 'box', exec: ['env'] },
          },
        },
      },
    }),
    async (opened) => {
      ({ window } = opened);
      await window.showContainer('Corral');
    },
  );
  const option = (text: string): ReturnType<Window['quickInput']['getByRole']> =>
    window.quickInput.getByRole('option').filter({ hasText: text });

  it('is tested, and what a session needs of it is shown', async () => {
    await window.runCommand('Corral: Test Connection…');
    await option('Set either “ssh” or “exec”').waitFor();
    await window.picture('host choice');
    await window.pick('far');
    await window.quickInput.getByText('far · what a session needs is there').waitFor();
    for (const text of ['Connection', 'Node', 'Git', 'Runs without a connection', 'Clock', 'Disk'])
      await option(text).first().waitFor();
    await window.picture('host test');
    await window.page.keyboard.press('Escape');
  });

  it('is said to lack something, with what to do', async () => {
    await window.runCommand('Corral: Test Connection…');
    await option('reachable').filter({ hasText: 'far' }).waitFor();
    await window.pick('old-git');
    await window.quickInput.getByText('old-git · 1 thing is missing').waitFor();
    const first = await window.quickInput.getByRole('option').first().innerText();
    assert.match(first, /Git[\s\S]*2\.34\.1[\s\S]*name one by “git” in corral\.hosts/);
    await window.picture('host test with a problem');
    await window.page.keyboard.press('Escape');
  });

  it('is set up by a command, and says why it cannot be entered', async () => {
    await window.runCommand('Corral: Set Up a Host…');
    await window.answerInput('docker-not-here exec -i box');
    await window.quickInput.getByText('What Corral calls it').waitFor();
    await window.answerInput('box');
    const notice = window.notification('Host “box”');
    await notice.filter({ hasText: '“docker-not-here” was not found on this computer' }).waitFor();
    await notice.getByRole('button', { name: 'Open Settings' }).waitFor();
    await window.runCommand('Corral: Test Connection…');
    await option('docker-not-here exec -i box').waitFor();
    await window.page.keyboard.press('Escape');
  });
});

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import { runnerProgram } from '../../../../src/supervisor/runs/runnerProgram';
import { skip } from '../../../support/skip';

describe("a runner's program", () => {
  let folder = '';
  before(async function () {
    if (process.platform === 'win32')
      skip(this, 'the stand-ins for Node are scripts, which are no programs on Windows');
    folder = await mkdtemp(join(tmpdir(), 'corral-node-'));
    for (const [name, script] of [
      ['new', 'echo v24.1.0'],
      ['old', 'echo v20.20.2'],
      ['broken', 'exit 1'],
    ] as const) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'node'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
  });
  after(async () => {
    if (folder !== '') await rm(folder, { recursive: true });
  });

  const inAppImage = (...names: string[]): NodeJS.ProcessEnv => ({
    APPIMAGE: '/opt/editor.AppImage',
    PATH: names.map((name) => join(folder, name)).join(delimiter),
  });

  it('is the one that was chosen, whatever else there is', async () => {
    assert.equal(await runnerProgram('/opt/node', runWithNode, inAppImage('new')), '/opt/node');
  });

  it("is the editor's own where that blocks no update", async () => {
    assert.equal(
      await runnerProgram(undefined, runWithNode, { ...inAppImage('new'), APPIMAGE: undefined }),
      process.execPath,
    );
  });

  it('is a node on PATH in an AppImage, where there is a new one', async () => {
    assert.equal(await runnerProgram(undefined, runWithNode, inAppImage('new', 'old')), join(folder, 'new', 'node'));
    for (const name of ['old', 'broken', 'none'])
      assert.equal(await runnerProgram(undefined, runWithNode, inAppImage(name)), process.execPath, name);
  });
});

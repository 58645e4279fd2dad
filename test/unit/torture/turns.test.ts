import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, it } from 'mocha';
import { projectRoot } from '../../support/project';
import { describeIf } from '../../support/skip';
import { waitFor } from '../../support/wait';

/** Keeps the processor for 300 ms of its own time in one turn, and lives on. */
const PLANTED = `export function plantedBlock() {
  const begin = process.cpuUsage().user;
  while (process.cpuUsage().user - begin < 300_000);
}
setTimeout(plantedBlock, 50);
setInterval(() => undefined, 10_000);
`;

describeIf(process.platform === 'linux', 'only Linux tells a thread’s own time', 'the watch for long turns', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-turns-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('finds a block that was planted in a file of ours, and fails with its name (E8)', async () => {
    const [program, turns] = [join(folder, 'planted.js'), join(folder, 'turns.jsonl')];
    await writeFile(turns, '');
    const sourcefile = join(projectRoot, 'src/planted.ts');
    const bundling = ['--bundle', '--loader=ts', `--sourcefile=${sourcefile}`, '--sourcemap', `--outfile=${program}`];
    await execa(join(projectRoot, 'node_modules/.bin/esbuild'), bundling, { input: PLANTED });
    const watch = join(projectRoot, 'out/support/turns/turnWatch.js');
    const env = { ...process.env, CORRAL_TURNS_FILE: turns };
    const child = spawn(process.execPath, ['--require', watch, program], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await waitFor(async () => (await readFile(turns, 'utf8')).endsWith('\n'), { what: 'a long turn' });
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const report = join(projectRoot, 'scripts/testBlocks.mjs');
    const { exitCode, stdout } = await execa(process.execPath, [report, `--report=${turns}`], { reject: false });
    assert.match(stdout, /of ours: 1\n {2}\d+ ms\n(?: {6}.*\n)*? {6}plantedBlock {2}src\/planted\.ts:\d/);
    assert.equal(exitCode, 1);
    await writeFile(turns, '');
    assert.equal((await execa(process.execPath, [report, `--report=${turns}`])).exitCode, 0);
  });
});

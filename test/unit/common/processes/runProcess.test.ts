import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { runWithExecaOf } from '../../../../src/common/processes/execaBundle';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import type { ProcessOptions, ProcessResult, RunProcess } from '../../../../src/common/processes/runProcess';
import { projectRoot } from '../../../support/project';
import { skip } from '../../../support/skip';
import { waitFor } from '../../../support/wait';

const bundles = join(projectRoot, 'dist');
const FOREVER = 'setInterval(() => undefined, 1e6);';
const isWindows = process.platform === 'win32';

/** Also where nobody has collected its end. */
async function isGone(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    return / Z /.test(await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => ''));
  } catch {
    return true;
  }
}

const implementations: [name: string, run: RunProcess][] = [
  ["the runner's way, by Node alone", runWithNode],
  ["the window's way, by execa", runWithExecaOf(bundles)],
];

for (const [name, run] of implementations) {
  describe(`a process run ${name}`, () => {
    let folder = '';
    before(async () => (folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-process-')))));
    after(async () => rm(folder, { recursive: true }));

    /** Runs a script in Node. */
    const script = async (code: string, options?: ProcessOptions): Promise<ProcessResult> =>
      await run([process.execPath, '-e', code], options);

    /** Runs a script that prints its pid into a file, and stops it as soon as it has. */
    const stopped = async (code: string, options: ProcessOptions): Promise<ProcessResult & { pid: number }> => {
      const file = join(folder, `pid ${Math.random()}`);
      const controller = new AbortController();
      const announce = `require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ');`;
      const running = script(`${code}${announce}${FOREVER}`, { ...options, signal: controller.signal });
      const said = async (): Promise<string> => await readFile(file, 'utf8').catch(() => '');
      await waitFor(async () => (await said()).endsWith(' '), { what: 'its start' });
      controller.abort();
      return { ...(await running), pid: Number(await said()) };
    };

    it('hands on what it printed, byte for byte, and its exit code', async () => {
      const code =
        "process.stdout.write(Buffer.from([0, 255, 10])); process.stderr.write('ü\\n'); process.exitCode = 3;";
      const { stdout, ...rest } = await script(code);
      assert.deepEqual([...stdout], [0, 255, 10]);
      assert.deepEqual(rest, { exitCode: 3, signal: undefined, stderr: 'ü\n', failure: undefined, cause: undefined });
      assert.equal((await script('')).exitCode, 0);
    });

    it('hands over its input, its folder and its variables, and no others', async () => {
      const code = `process.stdin.on('data', (data) => process.stdout.write(data));
        process.stderr.write(process.cwd() + ' ' + process.env.GIVEN + ' ' + process.env.INHERITED);`;
      process.env['INHERITED'] = 'inherited';
      try {
        const input = Buffer.from([1, 0, 254]);
        const given = await script(code, { input, cwd: folder, environment: { GIVEN: 'given' } });
        assert.deepEqual([...given.stdout], [...input]);
        assert.equal(given.stderr, `${folder} given undefined`);
        assert.match((await script(code)).stderr, / undefined inherited$/);
      } finally {
        delete process.env['INHERITED'];
      }
    });

    it('has an empty input where none is given, and need not read all of one', async () => {
      const counts = "let n = 0; process.stdin.on('data', (d) => (n += d.length)).on('end', () => console.log(n));";
      assert.equal((await script(counts)).stdout.toString(), '0\n');
      const unread = await script('process.stdin.destroy(); console.log("done")', { input: Buffer.alloc(1 << 24) });
      assert.deepEqual([unread.failure, unread.exitCode, unread.stdout.toString()], [undefined, 0, 'done\n']);
    });

    it('says by which signal it ended', async function () {
      if (isWindows) skip(this, 'Windows has no signals');
      const { exitCode, signal, failure } = await script("process.kill(process.pid, 'SIGUSR2')");
      assert.deepEqual([exitCode, signal, failure], [undefined, 'SIGUSR2', undefined]);
    });

    it('says why it could not be started', async () => {
      const results = [
        await script('', { cwd: join(folder, 'nowhere') }),
        await run([process.execPath, 'x'.repeat(1 << 22)]),
      ];
      // Windows' command interpreter answers for a program that execa does not find.
      if (!isWindows) results.push(await run([join(folder, 'no program')]));
      for (const { failure, exitCode, signal, stdout, stderr, cause } of results) {
        assert.deepEqual(
          [failure, exitCode, signal, stdout.length, stderr],
          ['notStarted', undefined, undefined, 0, ''],
        );
        assert.ok(cause instanceof Error);
      }
    });

    it('is asked to end when it is cancelled', async () => {
      const { failure, exitCode, signal } = await stopped('', {});
      assert.deepEqual([failure, exitCode, signal], ['cancelled', undefined, 'SIGTERM']);
      assert.equal((await script(FOREVER, { signal: AbortSignal.abort() })).failure, 'cancelled');
    });

    it('is killed after the grace where it ignores that, and is gone then', async function () {
      if (isWindows) skip(this, 'no program of Windows can refuse to end');
      const graceMs = 200;
      const start = performance.now();
      const { failure, signal, pid } = await stopped("process.on('SIGTERM', () => undefined);", { graceMs });
      assert.deepEqual([failure, signal], ['cancelled', 'SIGKILL']);
      assert.ok(performance.now() - start >= graceMs);
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    });

    it('keeps the exit code of a program that cleans up when it is cancelled', async function () {
      if (isWindows) skip(this, 'no program of Windows hears that it is to end');
      const { failure, exitCode, stdout } = await stopped(
        "process.on('SIGTERM', () => (console.log('tidy'), process.exit(7)));",
        {},
      );
      assert.deepEqual([failure, exitCode, stdout.toString()], ['cancelled', 7, 'tidy\n']);
    });

    it('is ended when it takes too long or prints too much', async () => {
      const late = await script(`console.log('begun'); ${FOREVER}`, { timeoutMs: 1_000 });
      assert.equal(late.failure, 'timedOut');
      for (const stream of ['stdout', 'stderr'] as const) {
        const code = `process.${stream}.write('x'.repeat(1000)); ${FOREVER}`;
        const result = await script(code, { maxOutputBytes: 100 });
        assert.deepEqual([result.failure, result[stream].toString()], ['tooMuchOutput', 'x'.repeat(100)]);
        const fits = await script(`process.${stream}.write('x'.repeat(100))`, { maxOutputBytes: 100 });
        assert.deepEqual([fits.failure, fits[stream].length], [undefined, 100]);
      }
    });

    const leaves = (code: string): string =>
      `const { spawn } = require('node:child_process');
        const { pid } = spawn(process.execPath, ['-e', ${JSON.stringify(code)}], { stdio: 'inherit' });
        process.stdout.write(pid + '\\n');`;

    it('ends with all that it started when it is cancelled', async function () {
      if (isWindows) skip(this, 'its tree of processes is ended by a program of Windows');
      const file = join(folder, 'written late');
      const code = `process.on('SIGTERM', () => undefined);
        setTimeout(() => require('node:fs').writeFileSync(${JSON.stringify(file)}, 'done'), 30_000)`;
      const { signal, stdout } = await stopped(leaves(code), { graceMs: 200 });
      assert.equal(signal, 'SIGTERM');
      await waitFor(async () => await isGone(Number(stdout.toString())), { what: 'the end of what it started' });
      await assert.rejects(readFile(file), { code: 'ENOENT' });
    });

    it('is waited for with what it left running, as that may still write files', async function () {
      if (isWindows) skip(this, 'a program of Windows takes what it started along');
      const file = join(folder, 'written after its end');
      const code = `setTimeout(() => require('node:fs').writeFileSync(${JSON.stringify(file)}, 'done'), 500)`;
      assert.equal((await script(leaves(code) + 'process.exit(0);')).exitCode, 0);
      assert.equal(await readFile(file, 'utf8'), 'done');
    });

    it('is not waited for with what it left running when it took too long', async function () {
      if (isWindows) skip(this, 'a program of Windows takes what it started along');
      const ignoring = `process.on('SIGTERM', () => undefined); ${FOREVER}`;
      const { failure, stdout } = await script(leaves(ignoring) + FOREVER, { timeoutMs: 1_000 });
      assert.equal(failure, 'timedOut');
      await waitFor(async () => await isGone(Number(stdout.toString())), { what: 'what it left to be killed' });
    });
  });
}

describe('the bundles', () => {
  const bundle = async (name: string): Promise<string> => await readFile(join(bundles, `${name}.js`), 'utf8');

  it('have execa in one of its own, which the window alone loads', async () => {
    const option = 'forceKillAfterDelay';
    assert.ok((await bundle('execaProcess')).includes(option));
    for (const name of ['extension', 'runner', 'storeWorker', 'demoAgent'])
      assert.equal((await bundle(name)).includes(option), false, name);
    assert.ok((await bundle('extension')).includes('execaProcess.js'));
    assert.equal((await bundle('runner')).includes('execaProcess.js'), false);
  });

  it('have what a window needs only now and then in one that it loads then, with errors and translations in common', async () => {
    const wordOfADriver = 'thread/resume';
    assert.ok((await bundle('lazy')).includes(wordOfADriver));
    assert.equal((await bundle('extension')).includes(wordOfADriver), false);
    const nameOfTheError = /\bname ?= ?"CorralError"/;
    assert.match(await bundle('shared'), nameOfTheError);
    for (const name of ['extension', 'lazy']) {
      assert.doesNotMatch(await bundle(name), nameOfTheError, name);
      assert.ok((await bundle(name)).includes('./shared.js'), name);
    }
  });
});

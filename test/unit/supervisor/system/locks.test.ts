import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { withLock } from '../../../../src/supervisor/system/locks';
import { bundleFixtures } from '../../../support/project';

const PROCESSES = 8;
const INCREMENTS = 25;

describe('locks between processes', () => {
  let bundles = '';
  let folder = '';
  let name = '';
  const children: ChildProcess[] = [];

  before(async () => {
    bundles = await bundleFixtures('runner/lockHolder.ts');
  });

  after(async () => {
    await rm(bundles, { recursive: true });
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral lock '));
    name = join(folder, 'a session');
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  const holder = (mode: string, count: number): string[] => [join(bundles, 'lockHolder.js'), mode, name, String(count)];

  async function startHolder(): Promise<ChildProcess> {
    const child = spawn(process.execPath, holder('hold', 0), { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  it('lets one of several processes in at a time', async () => {
    await writeFile(`${name}.counter`, '0');
    await Promise.all(
      Array.from({ length: PROCESSES }, () => promisify(execFile)(process.execPath, holder('count', INCREMENTS))),
    );
    assert.equal(await readFile(`${name}.counter`, 'utf8'), String(PROCESSES * INCREMENTS));
    assert.ok((await readdir(folder)).length < 40, 'old numbers are removed');
    assert.ok(!(await readdir(folder)).some((file) => file.endsWith('.tmp')));
  });

  it('is taken over from an owner that was killed', async () => {
    const child = await startHolder();
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(await withLock(name, () => Promise.resolve('mine')), 'mine');
  });

  it('is not taken from an owner that lives, however long it takes', async () => {
    await startHolder();
    await assert.rejects(
      withLock(name, () => Promise.reject(new Error('never')), { timeoutMs: 1_500 }),
      { code: 'TIMEOUT' },
    );
  });

  it('that lapses is taken from an owner that is silent, and not from one that touches it', async () => {
    const take = async (): Promise<string> =>
      await withLock(name, () => Promise.resolve('mine'), { timeoutMs: 0, lapsesAfterMs: 10_000 });
    const child = await startHolder();
    await assert.rejects(take(), { code: 'TIMEOUT' });
    child.kill('SIGSTOP');
    const longAgo = new Date(Date.now() - 11_000);
    await utimes(`${name}.lock.1`, longAgo, longAgo);
    assert.equal(await take(), 'mine');
  });

  it('lets several processes compete for what a killed owner left', async () => {
    const child = await startHolder();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await writeFile(`${name}.counter`, '0');
    await Promise.all(
      Array.from({ length: PROCESSES }, () => promisify(execFile)(process.execPath, holder('count', 3))),
    );
    assert.equal(await readFile(`${name}.counter`, 'utf8'), String(PROCESSES * 3));
  });

  it('queues the calls of one process, in order, and goes on after one that failed or gave up', async () => {
    const order: string[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((fulfil) => (open = fulfil));
    const first = withLock(name, async () => {
      await gate;
      order.push('first');
    });
    const failing = withLock(name, () => {
      order.push('failing');
      return Promise.reject(new Error('its own error'));
    });
    const impatient = withLock(name, () => Promise.resolve(order.push('impatient')), { timeoutMs: 1 });
    const last = withLock(name, () => Promise.resolve(order.push('last')));
    await assert.rejects(impatient, { code: 'TIMEOUT' });
    open();
    await first;
    await assert.rejects(failing, /its own error/);
    await last;
    assert.deepEqual(order, ['first', 'failing', 'last']);
  });

  it('tells an owner that it is one no more', async () => {
    await withLock(name, async (stillOwner) => {
      await stillOwner();
      const highest = Math.max(...(await readdir(folder)).map((file) => Number(file.split('.').at(-1))));
      await writeFile(`${name}.lock.${String(highest + 1)}`, JSON.stringify({ state: 'free' }));
      await assert.rejects(stillOwner(), { code: 'CONFLICT' });
    });
  });

  it('takes what a power loss left as free, and what a newer version wrote as held', async () => {
    await writeFile(`${name}.lock.7`, '');
    await withLock(name, () => Promise.resolve());
    await writeFile(`${name}.lock.20`, '{"state":"something new"}');
    await assert.rejects(
      withLock(name, () => Promise.resolve(), { timeoutMs: 100 }),
      { code: 'TIMEOUT' },
    );
  });
});

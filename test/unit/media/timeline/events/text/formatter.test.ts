import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, it } from 'mocha';
import code from 'bundle:textWorker';
import { Formatter } from '../../../../../../media/timeline/events/text/formatter';
import type { FormatJob } from '../../../../../../media/timeline/worker/format';

/** What the page's worker finds in its browser. */
const BROWSER = `const { parentPort } = require('node:worker_threads');
globalThis.self = globalThis;
globalThis.postMessage = (message) => parentPort.postMessage(message);
parentPort.on('message', (data) => globalThis.onmessage({ data }));
`;

const markdown = (text: string): FormatJob => ({ kind: 'markdown', text });
/** Each takes its parser many seconds. */
const HOSTILE: readonly FormatJob[] = [
  { kind: 'code', language: 'ini', text: '0x1_'.repeat(4_000) },
  markdown('**a *b'.repeat(2_700)),
];

describe('the formatter of the page', () => {
  const workers: Worker[] = [];
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.terminate();
  });

  function formatter(deadlineMs?: number): Formatter {
    return new Formatter((onMessage) => {
      const worker = new Worker(`${BROWSER}${code}`, { eval: true });
      workers.push(worker);
      worker.on('message', onMessage);
      return Promise.resolve({ post: (job) => worker.postMessage(job), end: () => void worker.terminate() });
    }, deadlineMs);
  }

  it('formats in a worker, and gives the same text back at once', async () => {
    const page = formatter(60_000);
    const job = markdown('A *word*');
    assert.deepEqual(page.known(job), { isKnown: false, result: undefined });
    const [paragraph] = (await page.format(job)) ?? [];
    assert.ok(JSON.stringify(paragraph).includes('"type":"paragraph"'));
    assert.deepEqual(page.known(job).result, await page.format(job));
    const [keyword] = (await page.format({ kind: 'code', language: 'js', text: 'const a = 1;' })) ?? [];
    assert.ok(JSON.stringify(keyword).includes('hljs-keyword'));
    assert.equal(await page.format({ kind: 'code', language: 'unheard-of', text: 'x' }), undefined);
    assert.equal(workers.length, 1);
  });

  it('ends what takes too long, shows it as it is, and goes on with the next (E7)', async () => {
    const page = formatter(1);
    const results = await Promise.all([...HOSTILE, ...HOSTILE].map((job) => page.format(job)));
    assert.deepEqual(results, [undefined, undefined, undefined, undefined]);
    for (const job of HOSTILE) assert.deepEqual(page.known(job), { isKnown: true, result: undefined });
    assert.equal(workers.length, HOSTILE.length, 'no text is tried twice');
    const patient = formatter(60_000);
    assert.ok(await patient.format(markdown('after it')));
  });

  it('shows what is too much for a page as it is (E7)', async () => {
    const page = formatter(60_000);
    const nested = { kind: 'code', language: 'javascript', text: '`${'.repeat(2_000) } as const;
    const many = { kind: 'code', language: 'json', text: '1,'.repeat(8_000) } as const;
    assert.deepEqual([await page.format(nested), await page.format(many)], [undefined, undefined]);
    assert.ok(Array.isArray((await page.format(markdown('>'.repeat(16_000)))) ?? []));
  });

  it('shows every text as it is where no worker can be started', async () => {
    const page = new Formatter(() => Promise.reject(new Error('no workers here')));
    assert.equal(await page.format(markdown('*a*')), undefined);
  });

  it('leaves out what is no longer shown', async () => {
    const page = formatter(60_000);
    const first = page.format(markdown('first'));
    const gone = new AbortController();
    void page.format(markdown('gone'), gone.signal);
    gone.abort();
    const last = page.format(markdown('last'));
    await Promise.all([first, last]);
    assert.equal(page.known(markdown('gone')).isKnown, false);
  });
});

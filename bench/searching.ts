/** Cases 13 and 18: searching everything that was ever recorded. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SearchedRun } from '../src/storage/search/historySearch';
import { searchRuns } from '../src/storage/search/historySearch';
import { writeRunFilter } from '../src/storage/search/runFilter';
import { newId } from '../src/storage/ids';
import { encodeRecord } from '../src/storage/journal/journalRecord';
import type { StorePaths } from '../src/storage/paths';
import { openStore } from '../src/storage/store/store';
import { projectRoot } from '../test/support/project';
import type { Figure, Spread } from './figures';
import { compare, short, timed, valueOf } from './figures';
import { timestampOf } from './sampleData';

const THREAD_PATH = join(projectRoot, 'dist/searchThread.js');
const ROUNDS = 5;
const SESSIONS = 1_000;
const EVENTS_PER_SESSION = 400;
const EVENT_BYTES = 1_100;
const BLOB_BYTES = 1024 * 1024;
/** The number of sessions with a large payload. */
const BLOBS = 600;
/** With a quote and a newline, in one blob. */
const QUOTED = 'a "phrase"\nnobody else says';
/** Of twenty characters, in one session of a hundred. */
const RARE = 'kettle of violet soup';
/** Of ten characters, in one session. */
const SHORT = 'zinc quail';

/** Text that people wrote: the sources and documents of the packages that are installed. */
async function realText(bytes: number): Promise<string> {
  const packages = join(projectRoot, 'node_modules');
  const names = (await readdir(packages, { recursive: true }))
    .filter((name) => /\.(ts|js|md)$/.test(name) && !/\.min\.|(^|[\\/])typescript[\\/]/.test(name))
    .sort();
  const texts: string[] = [];
  for (let length = 0, index = 0; length < bytes; index++) {
    const path = join(packages, names[(index * 7919) % names.length] ?? '');
    const isText = (await stat(path)).isFile();
    const text = isText ? (await readFile(path, 'utf8')).slice(0, 100_000) : '';
    texts.push(text);
    length += text.length;
  }
  return texts.join('\n');
}

interface History {
  paths: StorePaths;
  runs: SearchedRun[];
}

async function makeHistory(folder: string): Promise<History> {
  const { paths } = await openStore(join(folder, newId()));
  const text = await realText(64 * 1024 * 1024);
  let place = 0;
  const next = (length: number): string => {
    place = (place + length * 31) % (text.length - length);
    return text.slice(place, place + length);
  };
  const runs: SearchedRun[] = [];
  for (let number = 0; number < SESSIONS; number++) {
    const [sessionId, runId] = [newId(), newId()];
    const run = paths.session(sessionId).run(runId);
    await mkdir(run.blobs, { recursive: true });
    const lines: Buffer[] = [];
    for (let seq = 1; seq <= EVENTS_PER_SESSION; seq++) {
      const isMarked = seq === EVENTS_PER_SESSION >> 1;
      const extra = (isMarked && number % 100 === 50 ? RARE : '') + (isMarked && number === 700 ? SHORT : '');
      const data = { role: 'assistant', text: next(EVENT_BYTES) + extra };
      lines.push(encodeRecord({ seq, timestamp: timestampOf(number * 1_000 + seq), kind: 'message', data }));
    }
    const lastEventAt = timestampOf(number * 1_000 + EVENTS_PER_SESSION + 1);
    if (number < BLOBS) {
      const content = Buffer.from(next(BLOB_BYTES - 1_000) + (number === 1 ? QUOTED.toUpperCase() : ''));
      const sha256 = createHash('sha256').update(content).digest('hex');
      await writeFile(run.blob(sha256), content);
      const data = { stream: 'stdout', text: 'some output', blobs: { '/text': { sha256, bytes: content.length } } };
      lines.push(encodeRecord({ seq: EVENTS_PER_SESSION + 1, timestamp: lastEventAt, kind: 'output', data }));
    }
    await writeFile(run.events, Buffer.concat(lines));
    await writeRunFilter(run);
    runs.push({ sessionId, runId, ordinal: 1, hasEnded: true, lastEventAt });
  }
  return { paths, runs };
}

/** Milliseconds until the first match, and until all; throws where their number is another. */
async function searchMs({ paths, runs }: History, phrase: string, expected: number): Promise<[number, number]> {
  const start = performance.now();
  let firstMs = NaN;
  let count = 0;
  for await (const { id } of searchRuns(paths, runs, phrase, { threadPath: THREAD_PATH, limit: 100 })) {
    if (count++ === 0 && id > 0) firstMs = performance.now() - start;
  }
  if (count !== expected) throw new Error(`${count} events were found with ${phrase}.`);
  return [firstMs, performance.now() - start];
}

export async function searchFigures(folder: string): Promise<Figure[]> {
  const history = await makeHistory(folder);
  const { stdout } = await promisify(execFile)('du', ['-sm', history.paths.sessions]);
  const megabytes = parseInt(stdout, 10);
  const grep = async (): Promise<number> =>
    await timed(
      async () =>
        await promisify(execFile)('grep', ['-ri', 'nosuchword', history.paths.sessions]).catch(() => undefined),
    );
  const figure = (
    name: string,
    feel: string,
    { ratio, ours, peer }: { ratio: Spread; ours: Spread; peer: Spread },
    atMost: number,
  ): Figure => ({
    name,
    feel,
    ...valueOf(ratio),
    unit: '×',
    detail: `${short(ours.median)} ms over ${megabytes} MB, grep -ri of a word ${short(peer.median)} ms`,
    target: { atMost },
  });
  const search = async (phrase: string, expected: number, which: 0 | 1): Promise<Awaited<ReturnType<typeof compare>>> =>
    await compare(ROUNDS, async () => (await searchMs(history, phrase, expected))[which], grep);
  let filterBytes = 0;
  for (const { sessionId, runId } of history.runs)
    filterBytes += (await stat(history.paths.session(sessionId).run(runId).filter)).size;
  const share = (filterBytes / (megabytes * 1024 * 1024)) * 100;
  return [
    figure('13', 'search for a phrase with a quote and a newline', await search(QUOTED, 1, 1), 3),
    figure('18a', 'search for a rare phrase: the first of ten', await search(RARE, 10, 0), 0.12),
    figure('18b', 'search for a rare phrase: all ten', await search(RARE, 10, 1), 0.35),
    figure('18c', 'search for ten characters', await search(SHORT, 1, 1), 0.8),
    {
      name: '18f',
      feel: 'the filters beside the history',
      ...valueOf(share),
      unit: '%',
      detail: `${SESSIONS.toLocaleString('en')} filters`,
      target: { atMost: 1 },
    },
  ];
}

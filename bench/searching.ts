/** Case 13: searching everything that was ever recorded. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { searchRuns } from '../src/storage/search/historySearch';
import { isId } from '../src/storage/ids';
import { encodeRecord } from '../src/storage/journal/journalRecord';
import type { Figure } from './figures';
import { compare, short, timed } from './figures';
import { timestampOf } from './sampleData';
import { makeStore } from './starting';

const ROUNDS = 5;
const SESSIONS = 1_000;
const EVENTS_PER_SESSION = 1_000;
const BLOB_BYTES = 1024 * 1024;
/** The number of sessions with a large payload. */
const BLOBS = 600;
const PHRASE = 'a "phrase"\nnobody else says';

export async function searchFigures(folder: string): Promise<Figure[]> {
  const { paths, sessionIds } = await makeStore(folder, SESSIONS, EVENTS_PER_SESSION);
  const lastEventAt = timestampOf(EVENTS_PER_SESSION + 1);
  const runs: { sessionId: string; runId: string; ordinal: number; lastEventAt: string }[] = [];
  for (const [number, sessionId] of sessionIds.entries()) {
    const session = paths.session(sessionId);
    const [runId = ''] = (await readdir(session.runs)).filter(isId);
    runs.push({ sessionId, runId, ordinal: 1, lastEventAt });
    if (number >= BLOBS) continue;
    const run = session.run(runId);
    const content = Buffer.from(
      `${number}${'some output of a long build '.repeat(40_000)}`.slice(0, BLOB_BYTES - 100) +
        (number === 1 ? PHRASE.toUpperCase() : ''),
    );
    const sha256 = createHash('sha256').update(content).digest('hex');
    await writeFile(run.blob(sha256), content);
    const data = { stream: 'stdout', text: 'some output', blobs: { '/text': { sha256, bytes: content.length } } };
    await writeFile(
      run.events,
      encodeRecord({ seq: EVENTS_PER_SESSION + 1, timestamp: lastEventAt, kind: 'output', data }),
      { flag: 'a' },
    );
  }
  const search = await compare(
    ROUNDS,
    async () =>
      await timed(async () => {
        const found = [];
        for await (const event of searchRuns(paths, runs, PHRASE, { limit: 100 })) found.push(event);
        if (found.length !== 1) throw new Error(`${found.length} events were found.`);
      }),
    async () =>
      await timed(
        async () => await promisify(execFile)('grep', ['-ri', 'nosuchword', paths.sessions]).catch(() => undefined),
      ),
  );
  const { stdout } = await promisify(execFile)('du', ['-sm', paths.sessions]);
  return [
    {
      name: '13',
      feel: 'search for a phrase with a quote and a newline',
      value: search.ratio.median,
      min: search.ratio.min,
      max: search.ratio.max,
      unit: '×',
      detail: `${short(search.ours.median)} ms over ${parseInt(stdout, 10)} MB, grep -ri of a word ${short(search.peer.median)} ms`,
      target: { atMost: 3 },
    },
  ];
}

/** Cases 7l, 19l and 8: how soon the process of a new window has its list. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../src/storage/ids';
import type { StorePaths } from '../src/storage/paths';
import { openStore } from '../src/storage/store/store';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import type { Figure } from './figures';
import { compare, short, spreadOf, timed, valueOf } from './figures';
import { Peer } from './peer';
import { eventOf, writeSession } from './sampleData';
import { fillStore } from './sampleStore';

const ROUNDS = 5;
const SESSIONS = 1_000;
const MANY_SESSIONS = 10_000;
const EVENTS_PER_SESSION = 1_000;

/** Makes a store with finished sessions. */
export async function makeStore(
  folder: string,
  sessionCount: number,
  eventsPerSession: number,
): Promise<{ paths: StorePaths; sessionIds: string[] }> {
  const { paths } = await openStore(join(folder, newId()));
  const sessionIds: string[] = [];
  for (let session = 0; session < sessionCount; session++)
    sessionIds.push((await writeSession(paths, eventsPerSession)).sessionId);
  return { paths, sessionIds };
}

/** Milliseconds until a new window has what it shows first, all sessions, and all that is in their journals. */
async function listMs(
  paths: StorePaths,
  sessionCount: number,
): Promise<{ firstMs: number; listMs: number; allMs: number }> {
  const start = performance.now();
  const supervisor = new Supervisor({
    storageDirectory: paths.root,
    bundles: join(projectRoot, 'dist'),
    autoRecover: false,
  });
  const newest = await supervisor.newestSessions();
  const firstMs = performance.now() - start;
  if (newest.length === 0) throw new Error('The list is empty.');
  await supervisor.listSessions();
  const found = performance.now() - start;
  await supervisor.whenRecovered();
  const allMs = performance.now() - start;
  if ((await supervisor.listSessions()).length !== sessionCount) throw new Error('The list is not whole.');
  await supervisor.close();
  return { firstMs, listMs: found, allMs };
}

async function deleteDatabases(paths: StorePaths): Promise<void> {
  for (const name of await readdir(paths.root, { recursive: true }))
    if (name.endsWith('.sqlite')) await rm(join(paths.root, name));
}

/** The same with ten times as many sessions, beside `fewMs` with the fewer. */
async function manyFigure(folder: string, fewMs: number): Promise<Figure> {
  const { paths } = await openStore(join(folder, newId()));
  await fillStore(paths, MANY_SESSIONS, EVENTS_PER_SESSION);
  const found = [];
  for (let round = 0; round < ROUNDS; round++) found.push(await listMs(paths, MANY_SESSIONS));
  const first = spreadOf(found.map(({ firstMs }) => firstMs));
  const events = (MANY_SESSIONS * EVENTS_PER_SESSION).toLocaleString('en');
  return {
    name: '19l',
    feel: `start with ${MANY_SESSIONS.toLocaleString('en')} sessions and ${events} events`,
    ...valueOf(first),
    unit: 'ms',
    detail: `${short(first.median / fewMs)} times the time with ${SESSIONS.toLocaleString('en')} sessions; all ${short(spreadOf(found.map((each) => each.listMs)).median)} ms; every journal looked at after ${short(spreadOf(found.map(({ allMs }) => allMs)).median)} ms`,
    target: { atMost: 250 },
  };
}

export async function startFigures(folder: string): Promise<Figure[]> {
  const { paths, sessionIds } = await makeStore(folder, SESSIONS, EVENTS_PER_SESSION);
  const peer = Peer.create(folder, 'NORMAL');
  for (const [number, sessionId] of sessionIds.entries()) {
    peer.addSession(sessionId);
    // Counts over all sessions: ids are unique in the peer's one table.
    const firstSeq = number * EVENTS_PER_SESSION + 1;
    peer.insert(
      Array.from({ length: EVENTS_PER_SESSION }, (_, index) => eventOf(sessionId, sessionId, firstSeq + index)),
    );
  }
  peer.close();
  const first = await listMs(paths, SESSIONS);
  const lists: number[] = [];
  const warm = await compare(
    ROUNDS,
    async () => {
      const found = await listMs(paths, SESSIONS);
      lists.push(found.listMs);
      return found.firstMs;
    },
    async () =>
      await timed(() => {
        const opened = new Peer(folder, 'NORMAL');
        if (opened.sessions().length !== SESSIONS) throw new Error("The peer's list is not whole.");
        opened.close();
      }),
  );
  const generated = [first];
  for (let round = 1; round < 3; round++) {
    await deleteDatabases(paths);
    generated.push(await listMs(paths, SESSIONS));
  }
  const spread = spreadOf(generated.map((each) => each.firstMs));
  const many = await manyFigure(folder, warm.ours.median);
  const events = (SESSIONS * EVENTS_PER_SESSION).toLocaleString('en');
  return [
    {
      name: '7l',
      feel: `start with ${SESSIONS.toLocaleString('en')} sessions and ${events} events`,
      ...valueOf(warm.ours),
      unit: 'ms',
      detail: `a new window’s process, until it has its newest sessions, and all ${short(spreadOf(lists).median)} ms; node:sqlite opens and lists in ${short(warm.peer.median)} ms, ratio ${short(warm.ratio.median)}`,
      target: { atMost: 250 },
    },
    many,
    {
      name: '8',
      feel: 'the same with every SQLite file deleted: the first rows',
      ...valueOf(spread),
      unit: 'ms',
      detail: `all of them after ${short(spreadOf(generated.map(({ allMs }) => allMs)).median)} ms`,
      target: { atMost: 1_000 },
    },
  ];
}

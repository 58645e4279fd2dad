/** Case 21: deleting a session whose worktree has 20,000 files. */
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { newId } from '../src/storage/ids';
import { trashPathFor } from '../src/supervisor/git/sessionWorktree';
import { exists } from '../src/supervisor/git/worktreeOwnership';
import { DEFAULT_SETTINGS } from '../src/supervisor/settings';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import type { Figure } from './figures';
import { short, spreadOf, timed, valueOf } from './figures';
import { FILES, largeRepository, user } from './largeRepository';

const ROUNDS = 5;

/** How long one session's deletion takes, in milliseconds. */
interface Deletion {
  /** Until no list has the session any more. */
  row: number;
  /** Until its files are gone. */
  disk: number;
}

async function deleteTimes(supervisor: Supervisor, repository: string): Promise<Deletion> {
  const argv = [process.execPath, '-e', ''];
  const { id, worktreePath } = await supervisor.createSession({ repository, prompt: 'x', agent: 'command', argv });
  while ((await supervisor.getSession(id)).status !== 'Completed') await delay(20);
  const startMs = performance.now();
  const gone = new Promise<number>((resolve) => {
    const subscription = supervisor.onDidChangeSessions(({ sessionIds }) => {
      if (!sessionIds.includes(id)) return;
      void supervisor.getSession(id).then(({ deleted }) => {
        if (!deleted) return;
        subscription.dispose();
        resolve(performance.now() - startMs);
      });
    });
  });
  await supervisor.deleteSession(id);
  const row = await gone;
  while ((await exists(worktreePath)) || (await exists(trashPathFor(worktreePath)))) await delay(5);
  return { row, disk: performance.now() - startMs };
}

export async function deletionFigures(folder: string): Promise<Figure[]> {
  const repository = await largeRepository(join(folder, 'large repository'));
  const supervisor = new Supervisor({
    storageDirectory: join(folder, 'store'),
    bundles: join(projectRoot, 'dist'),
    settings: () => ({ ...DEFAULT_SETTINGS, minimumFreeMemoryMiB: 0 }),
  });
  await supervisor.whenRecovered();
  const rounds: (Deletion & { peer: number })[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const deleted = await deleteTimes(supervisor, repository);
      const plain = join(folder, 'plain', newId());
      await user(repository, 'worktree', 'add', '--quiet', '--detach', plain, 'HEAD');
      const peer = await timed(async () => await execa('rm', ['-rf', plain]));
      rounds.push({ ...deleted, peer });
    }
  } finally {
    await supervisor.close();
  }
  const row = spreadOf(rounds.map((round) => round.row));
  const disk = spreadOf(rounds.map((round) => round.disk));
  const peer = spreadOf(rounds.map((round) => round.peer));
  const ratio = spreadOf(rounds.map((round) => round.disk / round.peer));
  return [
    {
      name: '21',
      feel: 'from Delete until the row is gone',
      ...valueOf(row),
      unit: 'ms',
      detail: `${FILES.toLocaleString('en')} files`,
      target: { atMost: 200 },
    },
    {
      name: '21d',
      feel: 'the same until the disk is free',
      ...valueOf(ratio),
      unit: '×',
      detail: `${short(disk.median)} ms, rm -rf of as many files ${short(peer.median)} ms`,
      target: { atMost: 3 },
    },
  ];
}

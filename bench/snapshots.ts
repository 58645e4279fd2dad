/** Case 20: what a turn's snapshot costs in a repository of 20,000 files. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runWithExecaOf } from '../src/common/processes/execaBundle';
import { newId } from '../src/storage/ids';
import { Git } from '../src/supervisor/git/git';
import { findRepository } from '../src/supervisor/git/repository';
import { SnapshotMemory } from '../src/supervisor/git/snapshots/incremental/incrementalSnapshot';
import { takeSnapshot } from '../src/supervisor/git/snapshots/snapshots';
import { createWorktree, planWorktree } from '../src/supervisor/git/worktrees/worktreeCreation';
import { projectRoot } from '../test/support/project';
import type { Figure } from './figures';
import { compare, short, timed, valueOf } from './figures';
import { FILES, largeRepository, user } from './largeRepository';

const ROUNDS = 10;
const CHANGED_FILES = 20;

export async function snapshotFigures(folder: string): Promise<Figure[]> {
  const main = await largeRepository(join(folder, 'large repository'));
  const git = new Git(runWithExecaOf(join(projectRoot, 'dist')));
  const repository = await findRepository(git, main);
  const planned = planWorktree(repository, { sessionId: newId(), storeId: 'bench' }, 'inside');
  const worktree = await createWorktree(planned, await user(main, 'rev-parse', 'HEAD'));
  let round = 0;
  const change = async (): Promise<void> => {
    round++;
    for (let index = 0; index < CHANGED_FILES; index++)
      await writeFile(join(worktree.path, `folder ${String(index)}`, 'file 0.ts'), `round ${String(round)}\n`);
  };
  const memory = new SnapshotMemory(); // as a runner has it
  const snapshot = async (): Promise<number> =>
    await timed(async () => await takeSnapshot(worktree, 'bench', { memory }));
  const status = async (): Promise<number> =>
    await timed(async () => await user(worktree.path, 'status', '--porcelain'));

  await status(); // brings the index up to date for both sides
  const changed = await compare(
    ROUNDS,
    async () => {
      await change();
      return await snapshot();
    },
    async () => {
      await change();
      return await status();
    },
  );
  await snapshot();
  const unchanged = await compare(ROUNDS, snapshot, status);
  const files = FILES.toLocaleString('en');

  return [
    {
      name: '20a',
      feel: "a turn's snapshot",
      ...valueOf(changed.ratio),
      unit: '×',
      detail: `${short(changed.ours.median)} ms, plain git status ${short(changed.peer.median)} ms, ${CHANGED_FILES} of ${files} files changed`,
      target: { atMost: 2 },
    },
    {
      name: '20b',
      feel: 'a snapshot where nothing changed',
      ...valueOf(unchanged.ratio),
      unit: '×',
      detail: `${short(unchanged.ours.median)} ms, plain git status ${short(unchanged.peer.median)} ms, ${files} files`,
      target: { atMost: 1.2 },
    },
  ];
}

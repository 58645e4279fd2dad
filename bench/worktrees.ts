/** Case 12: what a session's worktree costs in a repository of 20,000 files. */
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { runWithExecaOf } from '../src/common/processes/execaBundle';
import { newId } from '../src/storage/ids';
import { openStore } from '../src/storage/store/store';
import { Git } from '../src/supervisor/git/git';
import { findRepository } from '../src/supervisor/git/repository';
import { takeSnapshot } from '../src/supervisor/git/snapshots/snapshots';
import { createWorktree, planWorktree } from '../src/supervisor/git/worktrees/worktreeCreation';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import { programsStartedBy } from '../test/support/startedPrograms';
import type { Figure } from './figures';
import { compare, short, timed } from './figures';
import { writeSession } from './sampleData';

const ROUNDS = 5;
const FILES = 20_000;
const FILES_A_FOLDER = 100;
const CHANGED_FILES = 20;
const LISTED_SESSIONS = 100;

async function user(folder: string, ...parameters: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Robin', '-c', 'user.email=robin@example.com'];
  return (await execa('git', [...identity, ...parameters], { cwd: folder, stdin: 'ignore' })).stdout;
}

async function largeRepository(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await user(folder, 'init', '--quiet', '--initial-branch=main');
  for (let start = 0; start < FILES; start += FILES_A_FOLDER) {
    const part = join(folder, `folder ${String(start / FILES_A_FOLDER)}`);
    await mkdir(part);
    await Promise.all(
      Array.from(
        { length: FILES_A_FOLDER },
        async (_, index) =>
          await writeFile(
            join(part, `file ${String(index)}.ts`),
            `export const n = ${String(start + index)};\n`.repeat(40),
          ),
      ),
    );
  }
  await user(folder, 'add', '--all');
  await user(folder, 'commit', '--quiet', '--message=files');
  return await realpath(folder);
}

export async function worktreeFigures(folder: string): Promise<Figure[]> {
  const main = await largeRepository(join(folder, 'large repository'));
  const git = new Git(runWithExecaOf(join(projectRoot, 'dist')));
  const baseCommit = await user(main, 'rev-parse', 'HEAD');

  const remove = async (path: string): Promise<void> => {
    await rm(path, { recursive: true });
    await user(main, 'worktree', 'prune');
  };
  const creating = await compare(
    ROUNDS,
    async () => {
      let made = '';
      const ms = await timed(async () => {
        const repository = await findRepository(git, main);
        const planned = planWorktree(repository, { sessionId: newId(), storeId: 'bench' }, 'inside');
        made = (await createWorktree(planned, baseCommit)).path;
      });
      await remove(made);
      return ms;
    },
    async () => {
      const path = join(folder, 'plain', newId());
      const ms = await timed(async () => await user(main, 'worktree', 'add', '--quiet', '--detach', path, baseCommit));
      await remove(path);
      return ms;
    },
  );

  const repository = await findRepository(git, main);
  const planned = planWorktree(repository, { sessionId: newId(), storeId: 'bench' }, 'inside');
  const worktree = await createWorktree(planned, baseCommit);
  let round = 0;
  const change = async (): Promise<void> => {
    round++;
    for (let index = 0; index < CHANGED_FILES; index++)
      await writeFile(join(worktree.path, `folder ${String(index)}`, 'file 0.ts'), `round ${String(round)}\n`);
  };
  const status = async (): Promise<number> => {
    await change();
    return await timed(async () => await user(worktree.path, 'status', '--porcelain'));
  };
  await status(); // brings the index up to date for both sides
  const snapshots = await compare(
    ROUNDS * 2,
    async () => {
      await change();
      return await timed(async () => await takeSnapshot(worktree, 'bench'));
    },
    status,
  );

  const { paths } = await openStore(join(folder, 'listed'));
  for (let index = 0; index < LISTED_SESSIONS; index++) await writeSession(paths, 20);
  let listed = 0;
  const programs = await programsStartedBy(async () => {
    const supervisor = new Supervisor({ storageDirectory: paths.root, bundles: join(projectRoot, 'dist') });
    await supervisor.whenRecovered();
    listed = (await supervisor.listSessions()).length;
    await supervisor.close();
  });
  const started = programs.filter((program) => program === 'git').length;

  return [
    {
      name: '12a',
      feel: 'a new session has its files',
      value: creating.ratio.median,
      min: creating.ratio.min,
      max: creating.ratio.max,
      unit: '×',
      detail: `${short(creating.ours.median)} ms, plain git worktree add ${short(creating.peer.median)} ms, ${FILES.toLocaleString('en')} files`,
      target: { atMost: 1.15 },
    },
    {
      name: '12b',
      feel: "a turn's snapshot",
      value: snapshots.ratio.median,
      min: snapshots.ratio.min,
      max: snapshots.ratio.max,
      unit: '×',
      detail: `${short(snapshots.ours.median)} ms, plain git status ${short(snapshots.peer.median)} ms, ${CHANGED_FILES} of ${FILES.toLocaleString('en')} files changed`,
      target: { atMost: 2 },
    },
    {
      name: '12c',
      feel: 'the list is painted',
      value: started,
      min: started,
      max: started,
      unit: 'git processes',
      detail: `${listed} sessions, from a cold start`,
      target: { atMost: 0 },
    },
  ];
}

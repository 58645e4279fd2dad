/** Case 12: what a session's worktree costs in a repository of 20,000 files. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runWithExecaOf } from '../src/common/processes/execaBundle';
import { newId } from '../src/storage/ids';
import { openStore } from '../src/storage/store/store';
import { Git } from '../src/supervisor/git/git';
import { findRepository } from '../src/supervisor/git/repository';
import { createWorktree, planWorktree } from '../src/supervisor/git/worktrees/worktreeCreation';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import { programsStartedBy } from '../test/support/startedPrograms';
import type { Figure } from './figures';
import { compare, short, timed, valueOf } from './figures';
import { FILES, largeRepository, user } from './largeRepository';
import { writeSession } from './sampleData';

const ROUNDS = 5;
const LISTED_SESSIONS = 100;

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
      ...valueOf(creating.ratio),
      unit: '×',
      detail: `${short(creating.ours.median)} ms, plain git worktree add ${short(creating.peer.median)} ms, ${FILES.toLocaleString('en')} files`,
      target: { atMost: 1.15 },
    },
    {
      name: '12c',
      feel: 'the list is painted',
      ...valueOf(started),
      unit: 'git processes',
      detail: `${listed} sessions, from a cold start`,
      target: { atMost: 0 },
    },
  ];
}

/** Case 16: what is left to wait for when the worktree was made ready while the prompt was written. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { settledWithin } from '../src/common/settledWithin';
import { newId } from '../src/storage/ids';
import { DEFAULT_SETTINGS } from '../src/supervisor/settings';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import { TestRepository } from '../test/support/repository';
import type { Figure } from './figures';
import { short, spreadOf, timed, valueOf } from './figures';
import { FILES, largeRepository, user } from './largeRepository';

const ROUNDS = 10;
/** So long a person writes a prompt at least. */
const TYPING_MS = 5_000;
/** An agent that writes the time of its first act. */
const AGENT = 'require("node:fs").writeFileSync(process.env.FIRST_BYTE ?? "first-byte", String(Date.now()))';

async function firstByteAt(path: string): Promise<number> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text !== '') return Number(text);
    await delay(2);
  }
}

/** Milliseconds until a plain Node process has written its first byte. */
async function plainNodeMs(folder: string): Promise<number> {
  const path = join(folder, newId());
  const startMs = Date.now();
  spawn(process.execPath, ['-e', AGENT], { stdio: 'ignore', env: { ...process.env, FIRST_BYTE: path } });
  return (await firstByteAt(path)) - startMs;
}

/** Nothing is deleted between the rounds, since file systems are slow for a while after that. */
export async function preparingFigures(folder: string): Promise<Figure[]> {
  const large = await largeRepository(join(folder, 'large repository'));
  const small = await TestRepository.create();
  const supervisor = new Supervisor({
    storageDirectory: join(folder, 'store'),
    bundles: join(projectRoot, 'dist'),
    settings: () => ({ ...DEFAULT_SETTINGS, minimumFreeMemoryMiB: 0 }),
  });
  await supervisor.whenRecovered();
  const start = async (repository: string): Promise<number> => {
    const startMs = Date.now();
    const request = { repository, prompt: 'x', agent: 'command', argv: [process.execPath, '-e', AGENT] };
    const { id, worktreePath } = await supervisor.createSession(request);
    const ms = (await firstByteAt(join(worktreePath, 'first-byte'))) - startMs;
    while ((await supervisor.getSession(id)).status !== 'Completed') await delay(20);
    return ms;
  };
  const rounds: Record<'git' | 'without' | 'fewFiles' | 'prepared', number>[] = [];
  let readyCount = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const agent = await plainNodeMs(folder);
      const git = await timed(async () => {
        await user(large, 'worktree', 'add', '--quiet', '--detach', join(folder, 'plain', newId()), 'HEAD');
      });
      const without = (await start(large)) - agent;
      const fewFiles = (await start(small.path)) - agent;
      if (await settledWithin(supervisor.prepareSession({ repository: large }), TYPING_MS)) readyCount++;
      const prepared = (await start(large)) - agent;
      rounds.push({ git, without, fewFiles, prepared });
    }
  } finally {
    await supervisor.close();
    await small.remove();
  }
  const of = (part: keyof (typeof rounds)[number]) => spreadOf(rounds.map((round) => round[part]));
  const beside = spreadOf(rounds.map(({ prepared, fewFiles }) => prepared / fewFiles));
  const prepared = of('prepared');
  return [
    {
      name: '16',
      feel: 'from Enter to the agent, written to for 5 s before, beyond the agent itself',
      ...valueOf(beside),
      unit: '×',
      detail: `${short(prepared.median)} ms [${short(prepared.min)}–${short(prepared.max)}] with ${FILES.toLocaleString('en')} files, nothing prepared ${short(of('without').median)} ms, git worktree add alone ${short(of('git').median)} ms; a repository of one file, nothing prepared, ${short(of('fewFiles').median)} ms`,
      target: { atMost: 1.2 },
    },
    {
      name: '16r',
      feel: 'the worktree is ready before Enter',
      ...valueOf(readyCount / ROUNDS),
      unit: 'of all',
      detail: `${readyCount} of ${ROUNDS} within ${TYPING_MS / 1_000} s`,
      target: { atLeast: 0.9 },
    },
  ];
}

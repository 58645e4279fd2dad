/** Case 11: the time and memory that a run costs beside its agent. */
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StorePaths } from '../src/storage/paths';
import { readDetails } from '../src/supervisor/system/processTable';
import { readClaim } from '../src/supervisor/runnerProtocol/claimFile';
import { DEFAULT_SETTINGS } from '../src/supervisor/settings';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import { TestRepository } from '../test/support/repository';
import type { Figure, Spread } from './figures';
import { short, spreadOf, timed } from './figures';

const ROUNDS = 5;
const MANY = 20;
const MEBIBYTE = 1024 * 1024;
/** An agent that first writes the current time, then waits. */
const WAITER =
  'require("node:fs").writeFileSync(process.env.FIRST_BYTE ?? "first-byte", String(Date.now())); setInterval(() => 0, 1e6)';

async function firstByteAt(path: string): Promise<number> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text !== '') return Number(text);
    await delay(2);
  }
}

async function memoryOf(pids: readonly number[]): Promise<number> {
  const details = await readDetails(pids);
  return [...details.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) / details.size / MEBIBYTE;
}

/** Starts `count` plain Node processes at once; returns the milliseconds to each one's first act, and their memory. */
async function plainNode(folder: string, count: number): Promise<{ startMs: number; memory: number }> {
  const startMs = Date.now();
  const children = Array.from({ length: count }, (_, index) => {
    const path = join(folder, `plain-${index}`);
    return {
      path,
      child: spawn(process.execPath, ['-e', WAITER], {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, FIRST_BYTE: path },
      }),
    };
  });
  const ends = await Promise.all(children.map(async ({ path }) => await firstByteAt(path)));
  await delay(500);
  const memory = await memoryOf(children.map(({ child }) => child.pid ?? 0));
  for (const { path, child } of children) {
    child.kill('SIGKILL');
    await rm(path);
  }
  return { startMs: (Math.max(...ends) - startMs) / count, memory };
}

/** The same for `count` sessions, from New Session to each agent's first act; the memory is the runners'. */
async function sessions(
  folder: string,
  repository: TestRepository,
  agent: 'command' | 'waiter',
  count: number,
): Promise<{ startMs: number; memory: number }> {
  const storageDirectory = join(folder, `store-${agent}`);
  const agents = { waiter: { driver: 'claude' as const, path: process.execPath, args: ['-e', WAITER, '--'] } };
  const settings = { ...DEFAULT_SETTINGS, agents, maxConcurrentRuns: MANY, minimumFreeMemoryMiB: 0 };
  const supervisor = new Supervisor({ storageDirectory, bundles: join(projectRoot, 'dist'), settings: () => settings });
  await supervisor.whenRecovered();
  const request = {
    repository: repository.path,
    prompt: 'x',
    agent,
    ...(agent === 'command' ? { argv: [process.execPath, '-e', WAITER] } : {}),
  };
  const startMs = Date.now();
  const made = await Promise.all(Array.from({ length: count }, async () => await supervisor.createSession(request)));
  const ends = await Promise.all(
    made.map(async ({ worktreePath }) => await firstByteAt(join(worktreePath, 'first-byte'))),
  );
  await delay(500);
  const claims = await Promise.all(
    made.map(
      async ({ id, currentRunId }) =>
        await readClaim(new StorePaths(storageDirectory).session(id).run(currentRunId ?? '')),
    ),
  );
  const memory = await memoryOf(claims.flatMap((claim) => (claim?.state === 'claimed' ? [claim.runner.pid] : [])));
  for (const { id } of made) {
    await supervisor.kill(id);
    await supervisor.deleteSession(id);
  }
  await supervisor.close();
  return { startMs: (Math.max(...ends) - startMs) / count, memory };
}

/** Milliseconds that git alone needs to add a worktree. */
async function worktreeMs(folder: string, repository: TestRepository): Promise<number> {
  const path = join(folder, 'worktree');
  const ms = await timed(async () => await repository.git('worktree', 'add', '--detach', '--', path, 'HEAD'));
  await repository.git('worktree', 'remove', '--force', path);
  return ms;
}

export async function runFigures(folder: string): Promise<Figure[]> {
  const repository = await TestRepository.create();
  const figures: Figure[] = [];
  try {
    for (const [count, suffix] of [
      [1, ''],
      [MANY, ` × ${MANY}`],
    ] as const) {
      for (const agent of ['command', 'waiter'] as const) {
        const rounds = [];
        for (let round = 0; round < ROUNDS; round++) {
          const plain = await plainNode(folder, count);
          const git = await worktreeMs(folder, repository);
          const ours = await sessions(folder, repository, agent, count);
          rounds.push({ plain, ours, beyond: ours.startMs - git - plain.startMs });
        }
        const name = agent === 'command' ? 'command' : 'claude';
        const start = spreadOf(rounds.map(({ beyond, plain }) => beyond / plain.startMs));
        const memory = spreadOf(rounds.map(({ ours, plain }) => ours.memory / plain.memory));
        const detail = (unit: string, ours: Spread, plain: Spread): string =>
          `${short(ours.median)} ${unit}, plain Node ${short(plain.median)} ${unit}`;
        figures.push(
          {
            ...valueOf(start),
            name: `11 ${name}${suffix}`,
            feel: 'from New Session to the agent, beyond git and the agent itself',
            target: { atMost: 3 },
            detail: detail(
              'ms',
              spreadOf(rounds.map(({ beyond }) => beyond)),
              spreadOf(rounds.map(({ plain }) => plain.startMs)),
            ),
          },
          {
            ...valueOf(memory),
            name: `11m ${name}${suffix}`,
            feel: 'memory of what looks after a run',
            target: { atMost: 1.25 },
            detail: detail(
              'MB',
              spreadOf(rounds.map(({ ours }) => ours.memory)),
              spreadOf(rounds.map(({ plain }) => plain.memory)),
            ),
          },
        );
      }
    }
  } finally {
    await repository.remove();
  }
  return figures;
}

function valueOf({ median, min, max }: Spread): { value: number; min: number; max: number; unit: string } {
  return { value: median, min, max, unit: '×' };
}

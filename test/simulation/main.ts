/**
 * `npm run simulate [-- --hosts=N --sessions=N --running=N --rate=N --seconds=N]`: one window with hundreds of hosts,
 * which a few processes play. Fails if anything is lost.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect, parseArgs } from 'node:util';
import { exists } from '../../src/supervisor/git/worktreeOwnership';
import { StorePaths } from '../../src/storage/paths';
import { DEFAULT_SETTINGS } from '../../src/supervisor/settings';
import type { SessionSummary } from '../../src/supervisor/api';
import { Supervisor } from '../../src/supervisor/supervisor';
import { projectRoot } from '../support/project';
import { waitFor } from '../support/wait';
import { percentile } from '../../bench/figures';
import { Farm } from './farm/farm';
import { fillStore } from './sampleStore';
import { WindowWatch, type PhaseCost } from './windowWatch';

const FARM_PROCESSES = 4;
/** For each phase, on a machine that is several times slower. */
const LIMIT_MS = 30 * 60_000;

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '500' },
    sessions: { type: 'string', default: '20000' },
    running: { type: 'string', default: '2000' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
  },
});
const size = {
  hosts: Array.from({ length: Number(values.hosts) }, (_, number) => `host-${String(number)}`),
  sessions: Number(values.sessions),
  running: Number(values.running),
};
const rate = Number(values.rate);
const seconds = Number(values.seconds);
const cutHosts = Math.ceil(size.hosts.length / 10);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function row(phase: string, { coreShare, worstDelayMs, p99DelayMs, memoryMb, ...cost }: PhaseCost, more = ''): void {
  const figures = [
    `${cost.seconds.toFixed(1)} s`.padStart(9),
    coreShare.toFixed(2).padStart(6),
    `${p99DelayMs.toFixed(0)} ms`.padStart(8),
    `${worstDelayMs.toFixed(0)} ms`.padStart(8),
    `${memoryMb.toFixed(0)} MB`.padStart(9),
  ];
  say(`${phase.padEnd(34)}${figures.join('')}  ${more}`);
}

function openWindow(paths: StorePaths, farm: Farm, log: string[]): Supervisor {
  const hosts = farm.settings;
  const note = (message: string): void => void log.push(message);
  return new Supervisor({
    storageDirectory: paths.root,
    bundles: join(projectRoot, 'dist'),
    settings: () => ({ ...DEFAULT_SETTINGS, hosts }),
    log: { info: () => undefined, warn: note, error: note },
  });
}

async function until(isSo: () => Promise<boolean> | boolean, what: string): Promise<void> {
  await waitFor(isSo, { what, limitMs: LIMIT_MS });
}

async function main(): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-simulation-')));
  const paths = new StorePaths(join(folder, 'store'));
  const farm = await Farm.start(size.hosts, FARM_PROCESSES);
  const log: string[] = [];
  try {
    const runningIds = await fillStore(paths, size);
    say(`${values.hosts} hosts, ${values.sessions} sessions of which ${values.running} run, ${values.rate} events/s\n`);
    say(`${'phase'.padEnd(34)}     time  cores     p99    worst   memory`);
    const window = openWindow(paths, farm, log);
    const watch = new WindowWatch(window, runningIds);
    row('the list without an index', await watch.measure(async () => await listed(window)));
    row(
      'all hosts connected',
      await watch.measure(async () => {
        await until(async () => (await farm.report()).connections === size.hosts.length, 'the connections');
      }),
    );
    row(
      'all runs started',
      await watch.measure(async () => {
        let failed: SessionSummary | undefined;
        await until(() => {
          [failed] = watch.rows(({ state }) => state === 'failed');
          return failed !== undefined || watch.rows(({ state }) => state === 'running').length === size.running;
        }, 'the starts');
        if (failed !== undefined) throw new Error(failed.failureReason);
      }),
    );
    watch.takeRowAges();
    farm.speak(rate);
    const speaking = await watch.measure(async () => await delay(seconds * 1_000));
    row('the runs speak', speaking, ages(watch));
    farm.cut(cutHosts);
    const cut = await watch.measure(async () => {
      await until(() => unreachableHosts(watch) >= cutHosts, 'the cut');
      await delay(5_000);
    });
    row(`${String(cutHosts)} hosts are cut off`, cut, ages(watch));
    farm.comeBack();
    const back = await watch.measure(async () => {
      await until(() => watch.rows(({ host }) => host?.state !== 'connected').length === 0, 'the connections');
    });
    row('and come back', back, ages(watch));
    farm.speak(0);
    farm.endRuns();
    const ending = await watch.measure(async () => {
      await until(() => watch.rows(({ state }) => state === 'completed').length === size.running, 'the ends');
    });
    row('all runs end', ending);
    const lost = await countLost(window, farm, paths, runningIds);
    await window.close();
    const again = openWindow(paths, farm, log);
    const last = new WindowWatch(again, []);
    row('the list with an index', await last.measure(async () => await listed(again)));
    const missing = size.sessions - (await again.listSessions()).length;
    await again.close();
    say(`\n${String((await farm.report()).events)} events; ${String(lost)} runs and ${String(missing)} sessions lost`);
    for (const [line, count] of counted(log)) say(`log, ${String(count)} times: ${line}`);
    process.exitCode = lost + missing === 0 ? 0 : 1;
  } finally {
    farm.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function listed(window: Supervisor): Promise<void> {
  await window.listSessions();
}

/** What was logged, without the names in it, and how often. */
function counted(log: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of log.map((each) => each.replaceAll(/\b[a-z2-7]{12}\b|host-\d+/g, '…')))
    counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

function ages(watch: WindowWatch): string {
  const rowAges = watch.takeRowAges();
  const [p50, p95] = [0.5, 0.95].map((share) => percentile(rowAges, share).toFixed(0));
  return `age of a row ${p50 ?? ''} ms, p95 ${p95 ?? ''} ms`;
}

/** Hosts of which a running session says that they are not reachable. */
function unreachableHosts(watch: WindowWatch): number {
  const away = watch.rows(({ host }) => host?.state === 'unreachable');
  return new Set(away.map(({ host }) => host?.name)).size;
}

/** Runs of which not each byte is here, or of which the window knows more or fewer events. */
async function countLost(
  window: Supervisor,
  farm: Farm,
  paths: StorePaths,
  runningIds: readonly string[],
): Promise<number> {
  const there = await farm.runs();
  let lost = 0;
  for (const id of runningIds) {
    const { currentRunId = '', runs } = await window.getSession(id);
    const run = paths.session(id).run(currentRunId);
    await until(async () => await exists(run.mirrored), 'the last bytes');
    const sha256 = createHash('sha256')
      .update(await readFile(run.events))
      .digest('hex');
    const far = there.get(currentRunId);
    if (far?.sha256 !== sha256 || far.events !== runs[0]?.eventCount) lost++;
  }
  return lost;
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    say(inspect(error));
    process.exit(1);
  },
);

import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { waitFor } from './wait';

export interface ProcessFacts {
  pid: number;
  parentPid: number;
  /** The order in which processes started; the unit differs between platforms. */
  startedAt: number;
  command: string;
  /** Empty if the platform does not tell it. */
  workingDirectory: string;
}

async function readLinuxProcess(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const [stat, command, workingDirectory] = await Promise.all([
      readFile(`/proc/${String(pid)}/stat`, 'utf8'),
      readFile(`/proc/${String(pid)}/cmdline`, 'utf8'),
      readlink(`/proc/${String(pid)}/cwd`).catch(() => ''),
    ]);
    // The program's name, in parentheses, may hold anything, so fields are counted from its end.
    const [state, parentPid, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return {
      pid,
      parentPid: Number(parentPid),
      startedAt: Number(rest[17]),
      command: command.replaceAll('\0', ' '),
      workingDirectory,
    };
  } catch {
    return undefined; // it ended while it was being read
  }
}

async function listByPs(): Promise<ProcessFacts[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,lstart=,command='], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\w+ \w+ +\d+ [\d:]+ \d+)\s+(.*)$/.exec(line);
    return match === null
      ? []
      : [
          {
            pid: Number(match[1]),
            parentPid: Number(match[2]),
            startedAt: Date.parse(match[3] ?? ''),
            command: match[4] ?? '',
            workingDirectory: '',
          },
        ];
  });
}

/** Every process that this user can see and that has not ended. Not for Windows. */
export async function listProcesses(): Promise<ProcessFacts[]> {
  if (process.platform !== 'linux') return await listByPs();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(pids.map(readLinuxProcess))).filter((facts) => facts !== undefined);
}

/** Sends a signal; it is no error if the process has ended. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The processes whose command line has the folder or that work inside it: those of a test that owns the folder. */
export async function processesOf(directory: string): Promise<ProcessFacts[]> {
  const all = await listProcesses();
  return all.filter(
    (facts) =>
      facts.pid !== process.pid &&
      (facts.command.includes(directory) || `${facts.workingDirectory}/`.startsWith(`${directory}/`)),
  );
}

/** Kills all that `processesOf` finds until none is left. Runners outlive their window, so a test ends them itself. */
export async function endProcessesOf(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  await waitFor(
    async () => {
      const left = await processesOf(directory);
      for (const { pid } of left) sendSignal(pid, 'SIGKILL');
      return left.length === 0;
    },
    { what: `the end of every process in ${directory}` },
  );
}

/** Gives the folder's processes time to end, then kills them. Returns the command lines of those it had to kill. */
export async function endLeftoversOf(directory: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  await waitFor(async () => (await processesOf(directory)).length === 0, { what: 'their end', limitMs: 60_000 }).catch(
    () => undefined,
  );
  const left = await processesOf(directory);
  await endProcessesOf(directory);
  return left.map(({ command }) => command);
}

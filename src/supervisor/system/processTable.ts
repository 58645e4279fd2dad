/**
 * What the operating system knows about processes: Linux tells by /proc, macOS by `ps`, Windows by CIM.
 * Nothing in Node offers the same over all three.
 */
import { readFile, readdir, readlink } from 'node:fs/promises';
import { freemem, uptime } from 'node:os';
import { hasCode } from '../../common/errors';
import { mapLimited } from '../../common/mapLimited';
import { querySystem, SystemQueryError } from './systemQuery';

const READS_AT_ONCE = 64;
/** The unit of start times in /proc: a hundredth of a second on every system that Node runs on. */
const LINUX_TICK_MS = 10;

export interface ProcessEntry {
  pid: number;
  parentPid: number;
  /** The process group: the pid of the process that made it; 0 on Windows. */
  group: number;
  /** Opaque. Together with the boot it tells a process from a later one of the same pid. */
  startTime: string;
  /** True for a zombie: it has ended, and its parent has not asked for its exit code yet. */
  ended: boolean;
  /** True where it stands still until somebody continues it, as by SIGSTOP or a debugger. Windows does not tell. */
  stopped: boolean;
}

/**
 * The process of this pid; undefined where there is none.
 * @throws where the system does not tell
 */
export async function readProcess(pid: number): Promise<ProcessEntry | undefined> {
  switch (process.platform) {
    case 'linux':
      return readLinuxProcess(pid);
    case 'win32':
      return (await readWindowsProcesses(`-Filter 'ProcessId=${String(pid)}'`))[0];
    default:
      return (await readUnixProcesses(['-p', String(pid)]))[0];
  }
}

/** All processes that this user may see, zombies included. */
export async function listProcesses(): Promise<ProcessEntry[]> {
  switch (process.platform) {
    case 'linux': {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
      return mapPresent(pids, readLinuxProcess);
    }
    case 'win32':
      return readWindowsProcesses('');
    default:
      return readUnixProcesses(['-A']);
  }
}

/** The processes that were started with `variable`, and its value. Only Linux tells; empty elsewhere. */
export async function readMarks(pids: readonly number[], variable: string): Promise<{ pid: number; value: string }[]> {
  if (process.platform !== 'linux') return [];
  const name = Buffer.from(`\0${variable}=`);
  return mapPresent(pids, async (pid) => {
    // Where it cannot be read, it belongs to another user's process, which Corral did not start.
    const environment = Buffer.concat([
      Buffer.of(0),
      await readFile(`/proc/${String(pid)}/environ`).catch(() => Buffer.alloc(0)),
    ]);
    const start = environment.indexOf(name);
    if (start < 0) return undefined;
    const end = environment.indexOf(0, start + name.length);
    return { pid, value: environment.toString('utf8', start + name.length, end < 0 ? environment.length : end) };
  });
}

export interface ProcessDetails {
  command: string;
  /** Resident memory. */
  memoryBytes: number;
  ageMs: number;
}

/** The details of each of these processes that still exists. */
export async function readDetails(pids: readonly number[]): Promise<Map<number, ProcessDetails>> {
  if (pids.length === 0) return new Map();
  switch (process.platform) {
    case 'linux':
      return new Map(await mapPresent(pids, readLinuxDetails));
    case 'win32':
      return await readWindowsDetails(pids);
    default:
      return await readUnixDetails(pids);
  }
}

async function readLinuxDetails(pid: number): Promise<[number, ProcessDetails] | undefined> {
  try {
    const folder = `/proc/${String(pid)}`;
    const [command, status, entry] = await Promise.all([
      readFile(`${folder}/cmdline`, 'utf8'),
      readFile(`${folder}/status`, 'latin1'),
      readLinuxProcess(pid),
    ]);
    if (entry === undefined) return undefined;
    const name = /^Name:\s*(.*)$/m.exec(status)?.[1] ?? '';
    const memoryBytes = Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    return [
      pid,
      {
        command: command.replaceAll('\0', ' ').trim() || name,
        memoryBytes,
        ageMs: uptime() * 1_000 - Number(entry.startTime) * LINUX_TICK_MS,
      },
    ];
  } catch {
    return undefined; // it ended while it was read
  }
}

async function readUnixDetails(pids: readonly number[]): Promise<Map<number, ProcessDetails>> {
  const listed = await querySystem(['ps', '-o', 'pid=,rss=,etime=,command=', '-p', pids.join(',')]).catch(() => '');
  return new Map(
    listed.split('\n').flatMap((line): [number, ProcessDetails][] => {
      const [, pid, kibibytes, days, hours, minutes, seconds, command = ''] =
        /^\s*(\d+)\s+(\d+)\s+(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)\s+(.*)$/s.exec(line) ?? [];
      if (pid === undefined) return [];
      const ageMs =
        (((Number(days ?? 0) * 24 + Number(hours ?? 0)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
      return [[Number(pid), { command, memoryBytes: Number(kibibytes) * 1024, ageMs }]];
    }),
  );
}

async function readWindowsDetails(pids: readonly number[]): Promise<Map<number, ProcessDetails>> {
  const filter = pids.map((pid) => `ProcessId=${String(pid)}`).join(' or ');
  const fields =
    '$_.ProcessId, $_.WorkingSetSize, [int64]((Get-Date) - $_.CreationDate).TotalMilliseconds, $_.CommandLine';
  const query = `Get-CimInstance Win32_Process -Filter '${filter}' | Where-Object CreationDate | ForEach-Object { '{0} {1} {2} {3}' -f ${fields} }`;
  const listed = await queryPowershell(query);
  return new Map(
    listed.split(/\r?\n/).flatMap((line): [number, ProcessDetails][] => {
      const [, pid, memoryBytes, ageMs, command = ''] = /^(\d+) (\d+) (\d+) (.*)$/s.exec(line) ?? [];
      return pid === undefined
        ? []
        : [[Number(pid), { command, memoryBytes: Number(memoryBytes), ageMs: Number(ageMs) }]];
    }),
  );
}

/** Reads a few at once, so that thousands of processes do not cost thousands of open files. */
async function mapPresent<T, U>(items: readonly T[], read: (item: T) => Promise<U | undefined>): Promise<U[]> {
  const results = await mapLimited(items, READS_AT_ONCE, read);
  return results.filter((result) => result !== undefined);
}

async function readLinuxProcess(pid: number): Promise<ProcessEntry | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${String(pid)}/stat`, 'latin1');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return undefined;
    throw error;
  }
  // The name in parentheses may hold any character, so fields are counted from the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid, group] = fields;
  const startTime = fields[19];
  if (state === undefined || startTime === undefined) throw new Error(`/proc/${String(pid)}/stat is not understood`);
  return {
    ...{ pid, parentPid: Number(parentPid), group: Number(group), startTime },
    ended: state === 'Z' || state === 'X',
    stopped: state === 'T' || state === 't',
  };
}

async function readUnixProcesses(selection: readonly string[]): Promise<ProcessEntry[]> {
  let listed: string;
  try {
    // The start time is compared as text, so every process asks in the same time zone and language.
    const environment = { ...process.env, LC_ALL: 'C', TZ: 'UTC0' };
    listed = await querySystem(['ps', '-o', 'pid=,ppid=,pgid=,stat=,lstart=', ...selection], environment);
  } catch (error) {
    if (error instanceof SystemQueryError && error.exitCode === 1) return []; // no such process
    throw error;
  }
  return listed.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    const [, pid, parentPid, group, state, startTime] = match ?? [];
    if (state === undefined || startTime === undefined) return [];
    return [
      {
        pid: Number(pid),
        parentPid: Number(parentPid),
        group: Number(group),
        startTime: startTime.replace(/\s+/g, ' '),
        ended: state.startsWith('Z'),
        stopped: state.startsWith('T'),
      },
    ];
  });
}

async function queryPowershell(query: string): Promise<string> {
  return await querySystem(['powershell.exe', '-NoProfile', '-NonInteractive', '-Command', query]);
}

async function readWindowsProcesses(filter: string): Promise<ProcessEntry[]> {
  const query = `Get-CimInstance Win32_Process ${filter} | Where-Object CreationDate | ForEach-Object { '{0} {1} {2}' -f $_.ProcessId, $_.ParentProcessId, $_.CreationDate.ToFileTimeUtc() }`;
  const listed = await queryPowershell(query);
  return listed.split(/\r?\n/).flatMap((line) => {
    const [, pid, parentPid, startTime] = /^(\d+) (\d+) (\d+)$/.exec(line.trim()) ?? [];
    if (startTime === undefined) return [];
    return [{ pid: Number(pid), parentPid: Number(parentPid), group: 0, startTime, ended: false, stopped: false }];
  });
}

/** The bytes of memory that programs can still get without others being paged out. */
export async function readFreeMemory(): Promise<number> {
  if (process.platform !== 'darwin') return freemem();
  // macOS counts as free only what nobody has touched yet.
  const listed = await querySystem(['vm_stat']);
  const pageBytes = Number(/page size of (\d+) bytes/.exec(listed)?.[1]);
  const pages = ['free', 'inactive', 'purgeable', 'speculative'].map((kind) =>
    Number(new RegExp(`Pages ${kind}:\\s+(\\d+)`).exec(listed)?.[1] ?? 0),
  );
  return pages.reduce((sum, count) => sum + count, 0) * pageBytes;
}

/** Ids of this machine, of its boot and of this pid namespace. '' where the system does not tell. */
export async function readMachine(): Promise<{ machine: string; boot: string; pidNamespace: string }> {
  switch (process.platform) {
    case 'linux': {
      return {
        machine: (await readFile('/etc/machine-id', 'latin1').catch(() => '')).trim(),
        boot: (await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '')).trim(),
        pidNamespace: await readlink('/proc/self/ns/pid').catch(() => ''),
      };
    }
    case 'win32': {
      const key = String.raw`HKLM\SOFTWARE\Microsoft\Cryptography`;
      const answer = await querySystem(['reg.exe', 'query', key, '/v', 'MachineGuid']).catch(() => '');
      // Windows' boot time moves with the clock. Creation times of 100 ns are exact enough without it.
      return { machine: /MachineGuid\s+REG_SZ\s+(\S+)/.exec(answer)?.[1] ?? '', boot: '', pidNamespace: '' };
    }
    default: {
      const hardware = await querySystem(['ioreg', '-rd1', '-c', 'IOPlatformExpertDevice']).catch(() => '');
      // Not kern.boottime, which moves whenever the clock is set.
      const boot = await querySystem(['sysctl', '-n', 'kern.bootsessionuuid']).catch(() => '');
      return {
        machine: /"IOPlatformUUID" = "([^"]+)"/.exec(hardware)?.[1] ?? '',
        boot: boot.trim(),
        pidNamespace: '',
      };
    }
  }
}

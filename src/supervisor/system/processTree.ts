/** Finds and ends all processes of a run. Each one's identity is checked right before it is signalled. */
import { setTimeout as delay } from 'node:timers/promises';
import { isOfThisPlace, liveness } from './identity';
import { listProcesses, readMarks, readProcess } from './processTable';
import type { ProcessEntry } from './processTable';
import type { ProcessIdentity } from './identitySchema';
import { querySystem } from './systemQuery';

/** Every process of a run inherits this variable, by which those that left the tree are found. */
export const RUN_ID_VARIABLE = 'CORRAL_RUN_ID';

/** The mark of what a run's setup command starts: ending the agent must not end a server of its worktree. */
export function setupMark(runId: string): string {
  return `${runId}.setup`;
}

/** Variables that VS Code sets for its own processes. No agent is given any of them. */
const EDITOR_MARKS = ['VSCODE_CLI', 'VSCODE_PID', 'VSCODE_IPC_HOOK', 'VSCODE_ESM_ENTRYPOINT'];

const KILL_ROUNDS = 12;
const FIRST_WAIT_MS = 5;
const MAX_WAIT_MS = 500;

export interface RunTree {
  /** The value of `RUN_ID_VARIABLE` in its processes. */
  runId: string;
  /** Undefined where it was not recorded. */
  agent: ProcessIdentity | undefined;
  /** The process group of a command that has just ended; on Windows the parent of what it left. */
  group?: number;
  /** Others whose trees belong to it, though their parents have ended. */
  servers?: readonly ProcessIdentity[] | undefined;
}

/** The agent, its descendants, and on Linux all with the run's id. Never this process or its ancestors. */
export async function listTree(tree: RunTree): Promise<ProcessEntry[]> {
  const entries = new Map((await listProcesses()).map((entry) => [entry.pid, entry]));
  const children = childrenOf(entries.values());
  const marked = (await readMarks([...entries.keys()], RUN_ID_VARIABLE))
    .filter(({ value }) => value === tree.runId)
    .map(({ pid }) => pid);
  const members = new Set(await withoutEditors(marked));
  const editors = new Set(marked.filter((pid) => !members.has(pid)));
  const { agent } = tree;
  if (agent !== undefined && (await isOfThisPlace(agent)) && entries.get(agent.pid)?.startTime === agent.startTime)
    members.add(agent.pid);
  if (tree.group !== undefined)
    for (const entry of entries.values())
      if ((process.platform === 'win32' ? entry.parentPid : entry.group) === tree.group) members.add(entry.pid);
  for (const root of tree.servers ?? [])
    if ((await isOfThisPlace(root)) && entries.get(root.pid)?.startTime === root.startTime) members.add(root.pid);
  // The loop also visits what is added to the set on the way.
  for (const pid of members) for (const child of children.get(pid) ?? []) if (!editors.has(child)) members.add(child);
  for (let pid: number | undefined = process.pid; pid !== undefined && pid > 1; pid = entries.get(pid)?.parentPid)
    members.delete(pid);
  return [...members].flatMap((pid) => entries.get(pid) ?? []);
}

/** The pids of each process's children. */
export function childrenOf(entries: Iterable<ProcessEntry>): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const { pid, parentPid } of entries) children.set(parentPid, [...(children.get(parentPid) ?? []), pid]);
  return children;
}

/** The processes that `pid` started, and those that they started, as long as all between them live. */
export function descendantsOf(pid: number, entries: readonly ProcessEntry[]): ProcessEntry[] {
  const children = childrenOf(entries);
  const found = new Set(children.get(pid));
  // The loop also visits what is added to the set on the way.
  for (const each of found) for (const child of children.get(each) ?? []) found.add(child);
  return entries.filter((entry) => found.has(entry.pid));
}

/** Without an editor that the agent opened, and what runs in it: the person may be working there. */
export async function withoutEditors(pids: readonly number[]): Promise<number[]> {
  const marks = await Promise.all(EDITOR_MARKS.map(async (variable) => await readMarks(pids, variable)));
  const editors = new Set(marks.flat().map(({ pid }) => pid));
  return pids.filter((pid) => !editors.has(pid));
}

/** Those of `entries` that still run. */
export async function stillAlive(entries: Iterable<ProcessEntry>): Promise<ProcessEntry[]> {
  const alive: ProcessEntry[] = [];
  for (const entry of entries) {
    const now = await readProcess(entry.pid);
    if (now !== undefined && !now.ended && now.startTime === entry.startTime) alive.push(entry);
  }
  return alive;
}

/** Sends the signal to those of `entries` that still run. */
export async function signalProcesses(entries: Iterable<ProcessEntry>, signal: NodeJS.Signals): Promise<void> {
  for (const entry of entries) {
    if ((await stillAlive([entry])).length === 0) continue;
    try {
      process.kill(entry.pid, signal);
    } catch {
      // It ended just now, or runs as another user. The caller looks again at who is left.
    }
  }
}

/**
 * Kills every process of the run until none is left, and those of `known`, an earlier `listTree`, that left it since.
 * @returns those that could not be ended
 */
export async function killTree(tree: RunTree, known: readonly ProcessEntry[] = []): Promise<ProcessEntry[]> {
  if (process.platform === 'win32' && tree.agent !== undefined && (await liveness(tree.agent)) === 'alive')
    await endWindowsTree(tree.agent.pid);
  const doomed = new Map<string, ProcessEntry>();
  const add = (entries: readonly ProcessEntry[]): void =>
    entries.forEach((entry) => doomed.set(`${String(entry.pid)} ${entry.startTime}`, entry));
  add(known);
  for (let round = 0; ; round++) {
    // A process may have forked between the look and the signal, so there is more than one round.
    add(await listTree(tree));
    const left = await stillAlive(doomed.values());
    if (left.length === 0 || round === KILL_ROUNDS) return left;
    await signalProcesses(left, 'SIGKILL');
    await delay(Math.min(FIRST_WAIT_MS * 2 ** round, MAX_WAIT_MS));
  }
}

/** Ends a process with all that it started. Later, Windows no longer tells whose children the orphans were. */
export async function endWindowsTree(pid: number): Promise<void> {
  await querySystem(['taskkill.exe', '/PID', String(pid), '/T', '/F']).catch(() => undefined);
}

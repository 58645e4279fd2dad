/** All processes of one run, and their end. Nothing is signalled whose identity was not looked at right before. */
import { setTimeout as delay } from 'node:timers/promises';
import { liveness, ownIdentity } from './identity';
import { listProcesses, readMarks, readProcess } from './processTable';
import type { ProcessEntry } from './processTable';
import type { ProcessIdentity } from './identitySchema';
import { querySystem } from './systemQuery';

/** The variable that every process of a run inherits; it finds those that left the tree by a double fork. */
export const RUN_ID_VARIABLE = 'CORRAL_RUN_ID';

/** Variables that VS Code sets for its own processes, none of which an agent is given. */
const EDITOR_MARKS = ['VSCODE_CLI', 'VSCODE_PID', 'VSCODE_IPC_HOOK', 'VSCODE_ESM_ENTRYPOINT'];

const KILL_ROUNDS = 12;
const FIRST_WAIT_MS = 5;
const MAX_WAIT_MS = 500;

/** What is known of a run's processes: its agent where it was recorded, and the mark. */
export interface RunTree {
  runId: string;
  agent: ProcessIdentity | undefined;
}

/** The agent, its descendants, and on Linux whoever carries the run's mark. Never this process nor one that it descends from. */
export async function listTree(tree: RunTree): Promise<ProcessEntry[]> {
  const entries = new Map((await listProcesses()).map((entry) => [entry.pid, entry]));
  const children = new Map<number, number[]>();
  for (const { pid, parentPid } of entries.values()) children.set(parentPid, [...(children.get(parentPid) ?? []), pid]);
  const marked = (await readMarks([...entries.keys()], RUN_ID_VARIABLE))
    .filter(({ value }) => value === tree.runId)
    .map(({ pid }) => pid);
  const members = new Set(await withoutEditors(marked));
  const editors = new Set(marked.filter((pid) => !members.has(pid)));
  const { agent } = tree;
  if (agent !== undefined && (await isOfThisBoot(agent)) && entries.get(agent.pid)?.startTime === agent.startTime)
    members.add(agent.pid);
  for (const pid of members) for (const child of children.get(pid) ?? []) if (!editors.has(child)) members.add(child); // a Set also visits what is added on the way
  for (let pid: number | undefined = process.pid; pid !== undefined && pid > 1; pid = entries.get(pid)?.parentPid)
    members.delete(pid);
  return [...members].flatMap((pid) => entries.get(pid) ?? []);
}

/** Without an editor that the agent opened, and what runs in it: that is the person's by now, and ends with nobody's run. */
export async function withoutEditors(pids: readonly number[]): Promise<number[]> {
  const marks = await Promise.all(EDITOR_MARKS.map(async (variable) => await readMarks(pids, variable)));
  const editors = new Set(marks.flat().map(({ pid }) => pid));
  return pids.filter((pid) => !editors.has(pid));
}

async function isOfThisBoot(identity: ProcessIdentity): Promise<boolean> {
  const own = await ownIdentity();
  return identity.host === own.host && identity.boot === own.boot && identity.pidNamespace === own.pidNamespace;
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

/** Signals those of `entries` that still run. */
export async function signalProcesses(entries: Iterable<ProcessEntry>, signal: NodeJS.Signals): Promise<void> {
  for (const entry of entries) {
    if ((await stillAlive([entry])).length === 0) continue;
    try {
      process.kill(entry.pid, signal);
    } catch {
      // Gone since, or under another user by now: the caller looks again at who is left.
    }
  }
}

/**
 * SIGKILL to every process of the run, and to those of `known` (an earlier `listTree`) that left it since, until none is left.
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
    // More than one round: a process may have forked between the look and the signal, and dying takes a moment.
    add(await listTree(tree));
    const left = await stillAlive(doomed.values());
    if (left.length === 0 || round === KILL_ROUNDS) return left;
    await signalProcesses(left, 'SIGKILL');
    await delay(Math.min(FIRST_WAIT_MS * 2 ** round, MAX_WAIT_MS));
  }
}

/** A process with what it started. Windows has no groups and keeps no parent for an orphan; `taskkill` walks the tree while it stands. */
export async function endWindowsTree(pid: number): Promise<void> {
  await querySystem(['taskkill.exe', '/PID', String(pid), '/T', '/F']).catch(() => undefined);
}

import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { basename } from 'node:path';

/** The processes that this one starts while `action` runs, in their order. */
export async function processesStartedBy(action: () => Promise<unknown>): Promise<ChildProcess[]> {
  const started: ChildProcess[] = [];
  const onStart = (message: unknown): void => void started.push((message as { process: ChildProcess }).process);
  subscribe('child_process', onStart);
  try {
    await action();
  } finally {
    unsubscribe('child_process', onStart);
  }
  return started;
}

/** The names of the programs, such as `git`, that this process starts while `action` runs. */
export async function programsStartedBy(action: () => Promise<unknown>): Promise<string[]> {
  return (await processesStartedBy(action)).map(({ spawnfile }) => basename(spawnfile, '.exe'));
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from './project';

/** A window's process that changes a worktree, to be killed at some moment. */
export interface WorktreeChange {
  /** The folder of `supervisor/worktreeChanger.ts` of the fixtures, bundled. */
  bundle: string;
  storageDirectory: string;
  action: string;
  /** The session's id, or what the action makes it of. */
  subject: string;
  /** The entries of `corral.hosts`. */
  hosts?: object;
}

/**
 * Kills the process so long after its action began, or when that ends before, and answers with how long it took then;
 * undefined where it was killed first.
 */
export async function killDuringChange(change: WorktreeChange, afterMs: number): Promise<number | undefined> {
  const { bundle, storageDirectory, action, subject, hosts } = change;
  const words = [storageDirectory, join(projectRoot, 'dist'), action, subject];
  const parameters = [...words, ...(hosts === undefined ? [] : [JSON.stringify(hosts)])];
  const child = spawn(process.execPath, [join(bundle, 'worktreeChanger.js'), ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  const startMs = performance.now();
  const done = once(child.stdout, 'data').then(() => true);
  const isDone = await Promise.race([delay(afterMs, false), done]);
  const tookMs = performance.now() - startMs;
  child.kill('SIGKILL');
  await exited;
  return isDone ? tookMs : undefined;
}

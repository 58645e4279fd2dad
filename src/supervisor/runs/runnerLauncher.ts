import * as l10n from '@vscode/l10n';
import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { replaceFile } from '../../storage/journal/durableFile';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { RunPaths } from '../../storage/paths';
import { RUN_ID_VARIABLE } from '../system/processTree';
import type { HeldClaim } from '../runnerProtocol/claimFile';
import { publishVoidClaim, readClaim } from '../runnerProtocol/claimFile';
import type { Assignment, RunBootstrap } from '../runnerProtocol/protocol';

/** For a runner that hangs; one that ends is noticed at once. A machine under load can take many seconds. */
export const CLAIM_LIMIT_MS = 60_000;
/** Short, since somebody waits for the agent's first output. */
const POLL_MS = 5;

/** For one that loads its code while a worktree is made; a run that comes later starts another. */
const READY_LIMIT_MS = 30_000;

export interface RunnerLauncherOptions {
  /** The runner's bundle. */
  runnerPath: string;
  /** Not in a worktree: on Windows the working folder of a process cannot be moved. */
  storeRoot: string;
  /** The program that runs the bundle. */
  program: () => Promise<string>;
}

export interface RunnerLaunch {
  /** The run's folder exists. */
  run: RunPaths;
  bootstrap: RunBootstrap;
  /** The runner's; it hands it on to the agent without what `agentEnvironment` hides. */
  environment: NodeJS.ProcessEnv;
}

interface ReadyRunner {
  program: string;
  child: RunnerProcess;
  limit: NodeJS.Timeout;
}

type RunnerProcess = ChildProcessByStdio<Writable, null, null>;

/** Starts runners: processes that outlive this one, and are told their run on standard input. */
export class RunnerLauncher {
  readonly #options: RunnerLauncherOptions;
  #ready: ReadyRunner | undefined;
  #isClosed = false;

  constructor(options: RunnerLauncherOptions) {
    this.#options = options;
  }

  /** To be called when a run is going to be launched, since a runner takes a while to load its code. */
  async prepare(): Promise<void> {
    const program = await this.#options.program();
    if (this.#ready !== undefined || this.#isClosed) return;
    const child = this.#start(program);
    const forget = (): void => {
      if (this.#ready?.child === child) this.#takeReady();
    };
    child.on('error', forget).on('exit', forget);
    this.#ready = { program, child, limit: setTimeout(() => void this.#endReady(), READY_LIMIT_MS).unref() };
  }

  /**
   * Starts the run's runner, and waits until it has claimed the run.
   * @throws CorralError RUNNER_START_FAILED; after that no runner can claim the run, however late it comes
   */
  async launch({ run, bootstrap, environment }: RunnerLaunch): Promise<HeldClaim> {
    await replaceFile(run.bootstrap, Buffer.from(JSON.stringify(bootstrap)));
    const program = await this.#options.program();
    if (this.#ready?.program !== program) void this.#endReady();
    const child = this.#takeReady() ?? this.#start(program);
    const claimed = waitForClaim(run, child);
    const assignment: Assignment = {
      runFolder: run.root,
      environment: runnerEnvironment(environment, bootstrap.environment),
    };
    child.stdin.end(JSON.stringify(assignment));
    const failure = await claimed;
    if (failure !== undefined) await publishVoidClaim(run, failure);
    // The first claim counts: the runner may have been quicker than this window was to give up.
    const claim = await readClaim(run);
    if (claim?.state === 'claimed') return claim;
    throw new CorralError(
      'RUNNER_START_FAILED',
      l10n.t('The background process of this run could not be started: {reason}', {
        reason: failure ?? claim?.reason ?? 'its claim was removed',
      }),
    );
  }

  /** Resolves when no process waits for a run any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#endReady();
  }

  #start(program: string): RunnerProcess {
    const { runnerPath, storeRoot } = this.#options;
    // The store is for those who look at a list of processes.
    const child = spawn(program, [runnerPath, storeRoot], {
      cwd: storeRoot,
      env: runnerEnvironment(process.env, []),
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      shell: false,
      windowsHide: true,
    });
    child.unref();
    child.stdin.on('error', () => undefined); // it ended, which is noticed by itself
    return child;
  }

  #takeReady(): RunnerProcess | undefined {
    const ready = this.#ready;
    this.#ready = undefined;
    clearTimeout(ready?.limit);
    return ready?.child;
  }

  /** It has done nothing yet, so it may be killed. Where this process dies, its input ends, and it with that. */
  async #endReady(): Promise<void> {
    const child = this.#takeReady();
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
    child.kill('SIGKILL');
    await ended;
  }
}

/**
 * Without another run's id, by which this runner would be ended together with that run, and without options for the
 * editor's Node.
 */
export function runnerEnvironment(environment: NodeJS.ProcessEnv, given: readonly string[]): Record<string, string> {
  const hidden = [RUN_ID_VARIABLE, ...(given.includes('NODE_OPTIONS') ? [] : ['NODE_OPTIONS'])];
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !hidden.includes(entry[0].toUpperCase()),
  );
  return { ...Object.fromEntries(kept), ELECTRON_RUN_AS_NODE: '1' };
}

/** Undefined once the run is claimed, otherwise why it was not. */
async function waitForClaim(run: RunPaths, child: ChildProcess): Promise<string | undefined> {
  let failure: string | undefined;
  child.on('error', (error) => (failure = messageOf(error)));
  child.on('exit', (code, signal) => (failure ??= `it ended at once (${signal ?? `code ${String(code)}`})`));
  const end = performance.now() + CLAIM_LIMIT_MS;
  for (;;) {
    // Read before the claim: a runner that claims the run and ends in between has claimed it.
    const failed = failure;
    if ((await readClaim(run)) !== undefined) return undefined;
    if (failed !== undefined) return failed;
    if (performance.now() > end) return `it did not answer within ${String(CLAIM_LIMIT_MS / 1000)} s`;
    await delay(POLL_MS);
  }
}

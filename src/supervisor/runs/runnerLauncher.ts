import * as l10n from '@vscode/l10n';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { replaceFile } from '../../storage/journal/durableFile';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { RunPaths } from '../../storage/paths';
import { RUN_ID_VARIABLE } from '../system/processTree';
import type { HeldClaim } from '../runnerProtocol/claimFile';
import { publishVoidClaim, readClaim } from '../runnerProtocol/claimFile';
import type { RunBootstrap } from '../runnerProtocol/protocol';

/** For a runner that hangs; one that ends is noticed at once. A machine under load can take many seconds. */
export const CLAIM_LIMIT_MS = 60_000;
/** Short, since somebody waits for the agent's first output. */
const POLL_MS = 5;

export interface RunnerLaunch {
  /** The runner's bundle. */
  runnerPath: string;
  /** The program that runs it; this process's own where absent. */
  nodePath?: string;
  /** The run's folder exists. */
  run: RunPaths;
  bootstrap: RunBootstrap;
  /** The runner's; it hands it on to the agent without what `agentEnvironment` hides. */
  environment: NodeJS.ProcessEnv;
}

/**
 * Starts the run's runner, a process that outlives this one, and waits until it has claimed the run.
 * @throws CorralError RUNNER_START_FAILED; after that no runner can claim the run, however late it comes
 */
export async function launchRunner(launch: RunnerLaunch): Promise<HeldClaim> {
  const { run, bootstrap } = launch;
  await replaceFile(run.bootstrap, Buffer.from(JSON.stringify(bootstrap)));
  const failure = await waitForClaim(launch, startProcess(launch));
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

function startProcess({ runnerPath, nodePath, run, bootstrap, environment }: RunnerLaunch): ChildProcess {
  const child = spawn(nodePath ?? process.execPath, [runnerPath, run.root], {
    // Not in the worktree: on Windows the working folder of a process cannot be moved.
    cwd: bootstrap.storeRoot,
    env: runnerEnvironment(environment, bootstrap.environment),
    detached: true,
    stdio: 'ignore',
    shell: false,
    windowsHide: true,
  });
  child.unref();
  return child;
}

/**
 * Without another run's id, by which this runner would be ended together with that run, and without options for the
 * editor's Node.
 */
function runnerEnvironment(environment: NodeJS.ProcessEnv, given: readonly string[]): NodeJS.ProcessEnv {
  const hidden = [RUN_ID_VARIABLE, ...(given.includes('NODE_OPTIONS') ? [] : ['NODE_OPTIONS'])];
  const kept = Object.entries(environment).filter(([name]) => !hidden.includes(name.toUpperCase()));
  return { ...Object.fromEntries(kept), ELECTRON_RUN_AS_NODE: '1' };
}

/** Undefined once the run is claimed, otherwise why it was not. */
async function waitForClaim({ run }: RunnerLaunch, child: ChildProcess): Promise<string | undefined> {
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

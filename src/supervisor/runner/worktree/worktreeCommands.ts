import { messageOf } from '../../../common/errors';
import type { DraftEvent } from '../../../storage/events';
import type { ClaimFile } from '../../runnerProtocol/claimFile';
import { atWorktreeTop, type RunBootstrap } from '../../runnerProtocol/protocol';
import { identityOf } from '../../system/identity';
import type { ProcessEntry } from '../../system/processTable';
import type { DiskReserve } from '../diskReserve';
import type { Recorder } from '../recorder';
import { NO_EXIT, requestedEnd, type EndRequest, type RunEnd } from '../runEnd';
import type { Termination } from '../termination';
import { ServerOutput } from './serverOutput';
import { runWorktreeCommand } from './worktreeCommand';

export interface WorktreeCommandsHost {
  bootstrap: RunBootstrap;
  claimFile: ClaimFile;
  recorder: Recorder;
  reserve: DiskReserve;
  serverLog: string;
  emit: (event: DraftEvent) => void;
  isOver: () => boolean;
  /** Who asked for the run's end. */
  endRequest: () => EndRequest | undefined;
  /** What ends the command that runs; undefined once it has ended. */
  onTermination: (termination: Termination | undefined) => void;
}

/** The worktree's own commands: its setup before the agent, and its teardown instead of one. */
export class WorktreeCommands {
  readonly #host: WorktreeCommandsHost;
  /** Settles when what the setup command left running prints no more. */
  serversEnded = Promise.resolve();

  constructor(host: WorktreeCommandsHost) {
    this.#host = host;
  }

  async tearDown(limitMs: number): Promise<RunEnd> {
    const failure = await this.run('teardown', { argv: this.#host.bootstrap.argv, limitMs });
    const request = this.#host.endRequest();
    if (request !== undefined) return requestedEnd(request);
    return failure === undefined
      ? { ...NO_EXIT, outcome: 'completed', reason: 'The worktree is torn down' }
      : { ...NO_EXIT, outcome: 'failed', reason: failure };
  }

  /** Why the command failed. Undefined where it did not, where there is none, or where the end was asked for. */
  async run(name: 'setup' | 'teardown', command: RunBootstrap['setup']): Promise<string | undefined> {
    const { bootstrap, emit, recorder, reserve, serverLog, isOver, endRequest, onTermination } = this.#host;
    if (command === undefined || endRequest() !== undefined) return undefined;
    try {
      await runWorktreeCommand(atWorktreeTop(bootstrap), name, command, {
        emit,
        onSpawned: onTermination,
        recorder,
        reserve,
        servers: {
          output: new ServerOutput(emit, isOver, serverLog),
          onLeft: async (servers, rest) => await this.#keepServers(servers, rest),
        },
      });
    } catch (error) {
      if (endRequest() === undefined) return messageOf(error);
    }
    onTermination(undefined);
    return undefined;
  }

  /** Records what the setup command left running, which lives until the worktree is torn down. */
  async #keepServers(servers: readonly ProcessEntry[], rest: Promise<void>): Promise<void> {
    this.serversEnded = rest;
    const identities = await Promise.all(servers.map(({ pid }) => identityOf(pid).catch(() => undefined)));
    await this.#host.claimFile.addServers(identities.filter((identity) => identity !== undefined));
  }
}

import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, messageOf } from '../../common/errors';
import { RUN_ID_VARIABLE } from '../system/processTree';
import type { OutputStream } from './outputLog';
import type { RunBootstrap } from '../runnerProtocol/protocol';
import { withoutEditor } from '../agents/editorVariables';
import { withProgramFolder } from '../agents/programPath';

/**
 * What the agent left running may hold its output open forever: after its exit, this many checks without output end it.
 * Checks are counted, not timed, since a busy machine may not let this process read for a second.
 */
const QUIET_CHECKS = 10;
const MAX_DRAIN_CHECKS = 100;
const DRAIN_CHECK_MS = 100;
/** Where what was left running keeps its output, only what the process itself has printed is waited for. */
const LEFT_QUIET_CHECKS = 2;
const LEFT_MAX_CHECKS = 10;

type TakeOutput = (stream: OutputStream, chunk: Buffer) => Promise<void>;

export interface ExitStatus {
  exitCode: number | null;
  signal: string | null;
}

/** The agent's environment: the runner's without the editor's variables, and with those of the session. */
export function agentEnvironment(
  environment: NodeJS.ProcessEnv,
  { environment: given, sessionId, runId, port, cwd }: RunBootstrap,
): NodeJS.ProcessEnv {
  // Some agents believe PWD more than the system. With the editor's they would not work in the worktree.
  const workingFolder = process.platform === 'win32' ? {} : { PWD: cwd };
  return {
    ...withoutEditor(environment, given),
    ...workingFolder,
    CORRAL_SESSION_ID: sessionId,
    [RUN_ID_VARIABLE]: runId,
    ...(port === undefined ? {} : { CORRAL_PORT: String(port) }),
  };
}

export class AgentProcess {
  readonly pid: number;
  /** Settles when the process has ended. Its output may not be read to the end yet. */
  readonly exited: Promise<ExitStatus>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    pid: number,
    exited: Promise<ExitStatus>,
  ) {
    this.#child = child;
    this.pid = pid;
    this.exited = exited;
  }

  /** Starts the program. Throws with a reason for people where that fails. */
  static async spawn(
    [program, ...parameters]: [string, ...string[]],
    cwd: string,
    environment: NodeJS.ProcessEnv,
  ): Promise<AgentProcess> {
    try {
      // A process group of its own, so that one signal reaches its children; on Windows that only opens a console.
      const detached = process.platform !== 'win32';
      const child = spawn(program, parameters, {
        cwd,
        env: await withProgramFolder(environment, program),
        stdio: ['pipe', 'pipe', 'pipe'],
        shell: false,
        detached,
        windowsHide: true,
      });
      const exited = new Promise<ExitStatus>((fulfil) =>
        child.once('exit', (exitCode, signal) => fulfil({ exitCode, signal })),
      );
      // At a child's exit Node drops output that has no listener, and a quick command ends before it is read.
      for (const stream of [child.stdout, child.stderr]) stream.on('readable', () => undefined);
      // An agent that stopped reading is no error here: its exit tells more.
      child.stdin.on('error', () => undefined);
      await new Promise<void>((fulfil, reject) => {
        child.once('spawn', fulfil);
        child.once('error', reject);
      });
      child.on('error', () => undefined); // such as a signal that could not be sent
      if (child.pid === undefined) throw new Error('it has no process id');
      return new AgentProcess(child, child.pid, exited);
    } catch (error) {
      throw new Error(await explainSpawnError(error, program, cwd), { cause: error });
    }
  }

  /** False once the exit was read: from then on the system may give the pid to another process. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get isInputOpen(): boolean {
    return this.#child.stdin.writable && this.isRunning;
  }

  /** Does nothing where the input is closed. */
  write(data: string): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(data);
  }

  closeInput(): void {
    this.#child.stdin.end();
  }

  /** Signals the process and its group; does nothing where it has ended. */
  signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (!this.isRunning) return;
    try {
      process.kill(process.platform === 'win32' ? this.pid : -this.pid, signal);
    } catch {
      // It ended just now.
    }
  }

  /**
   * Reads the output to its end. A chunk is read only when `take` of the one before has settled, so that the agent
   * waits while nothing can be written.
   */
  async readOutput(take: TakeOutput): Promise<void> {
    const reading = this.#read(take);
    void this.exited.then(async () => {
      await reading.quiet(QUIET_CHECKS, MAX_DRAIN_CHECKS);
      this.#child.stdout.destroy();
      this.#child.stderr.destroy();
    });
    await reading.done;
    await this.exited; // an agent may close its output and live on
  }

  /**
   * Reads as `readOutput` does until the process has ended, and goes on in the background.
   * @returns what settles when all that it left running has closed the output, too
   */
  async readUntilExit(take: TakeOutput): Promise<{ rest: Promise<void> }> {
    const reading = this.#read(take);
    await this.exited;
    await reading.quiet(LEFT_QUIET_CHECKS, LEFT_MAX_CHECKS);
    return { rest: reading.done };
  }

  #read(take: TakeOutput): { done: Promise<void>; quiet: (checks: number, maxChecks: number) => Promise<void> } {
    const state = { busyStreams: 0, quietChecks: 0, isDone: false };
    const pump = async (name: OutputStream, stream: Readable): Promise<void> => {
      try {
        // Without an encoding a stream gives buffers.
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          state.busyStreams++;
          await take(name, chunk);
          state.busyStreams--;
          state.quietChecks = 0;
        }
      } catch (error) {
        if (!stream.destroyed) throw error;
      }
    };
    const done = Promise.all([pump('stdout', this.#child.stdout), pump('stderr', this.#child.stderr)]).then(
      () => void (state.isDone = true),
    );
    /** Settles after so many checks in a row without output, or after so many in all. */
    const quiet = async (checks: number, maxChecks: number): Promise<void> => {
      for (let check = 1; !state.isDone; check++) {
        await Promise.race([done, delay(DRAIN_CHECK_MS)]);
        state.quietChecks++;
        if (state.busyStreams === 0 && (state.quietChecks >= checks || check >= maxChecks)) return;
      }
    };
    return { done, quiet };
  }
}

async function explainSpawnError(error: unknown, program: string, cwd: string): Promise<string> {
  if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) {
    const folder = await stat(cwd).catch(() => undefined);
    return folder?.isDirectory() === true ? `there is no program ${program}` : `its folder ${cwd} is not there`;
  }
  if (hasCode(error, 'E2BIG') || hasCode(error, 'ENAMETOOLONG'))
    return 'its arguments are too long for this system. Write {promptFile} instead of {prompt} in them';
  if (hasCode(error, 'EACCES')) return `${program} may not be run, or ${cwd} may not be entered`;
  return messageOf(error);
}

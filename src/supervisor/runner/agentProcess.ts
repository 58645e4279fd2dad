import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
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
  async readOutput(take: (stream: OutputStream, chunk: Buffer) => Promise<void>): Promise<void> {
    let busyStreams = 0;
    let quietChecks = 0;
    const pump = async (name: OutputStream, stream: Readable): Promise<void> => {
      try {
        // Without an encoding a stream gives buffers.
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          busyStreams++;
          await take(name, chunk);
          busyStreams--;
          quietChecks = 0;
        }
      } catch (error) {
        if (!stream.destroyed) throw error;
      }
    };
    let drainTimer: NodeJS.Timeout | undefined;
    void this.exited.then(() => {
      let checks = 0;
      drainTimer = setInterval(() => {
        checks++;
        quietChecks++;
        if (busyStreams > 0 || (quietChecks < QUIET_CHECKS && checks < MAX_DRAIN_CHECKS)) return;
        this.#child.stdout.destroy();
        this.#child.stderr.destroy();
      }, DRAIN_CHECK_MS);
    });
    try {
      await Promise.all([pump('stdout', this.#child.stdout), pump('stderr', this.#child.stderr)]);
      await this.exited; // an agent may close its output and live on
    } finally {
      clearInterval(drainTimer);
    }
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

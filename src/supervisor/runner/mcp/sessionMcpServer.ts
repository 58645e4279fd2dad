import { spawn } from 'node:child_process';
import { constants, open } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { runWithNode } from '../../../common/processes/nodeProcess';
import type { RunPaths } from '../../../storage/paths';
import type { RunBootstrap } from '../../runnerProtocol/protocol';

/** What the server's process tells the runner. */
const waitingSchema = v.object({ waitingFor: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/**
 * Serves Corral's tools to the run's own agent. Who speaks through the two FIFOs in the run's folder is this session,
 * whatever its environment says; the server's process is started when somebody does.
 */
export class SessionMcpServer {
  readonly #run: RunPaths;
  readonly #bootstrap: RunBootstrap;
  readonly #onWaiting: (sessions: number) => void;
  readonly #input: Socket;
  readonly #output: Socket;
  #endServer: (() => void) | undefined;
  #write: ((chunk: Buffer) => void) | undefined;

  private constructor(
    run: RunPaths,
    bootstrap: RunBootstrap,
    onWaiting: (sessions: number) => void,
    descriptors: { input: number; output: number },
  ) {
    this.#run = run;
    this.#bootstrap = bootstrap;
    this.#onWaiting = onWaiting;
    this.#input = new Socket({ fd: descriptors.input, readable: true, writable: false });
    this.#output = new Socket({ fd: descriptors.output, readable: false, writable: true });
    for (const socket of [this.#input, this.#output]) socket.on('error', () => undefined); // a lost helper ends no run
    this.#input.on('data', (chunk) => this.#take(chunk));
  }

  /** Undefined where the agent was not told of it. `onWaiting` hears for how many sessions the agent waits. */
  static async open(
    run: RunPaths,
    bootstrap: RunBootstrap,
    onWaiting: (sessions: number) => void,
  ): Promise<SessionMcpServer | undefined> {
    if (bootstrap.mcpServer === undefined) return undefined;
    const made = await runWithNode(['mkfifo', '-m', '600', run.mcpInput, run.mcpOutput]);
    if (made.exitCode !== 0) return undefined; // the agent works without the tools
    // With both ends open here, no shim that comes or goes ends the stream.
    const flags = constants.O_RDWR | constants.O_NONBLOCK;
    const openBoth = promisify(open); // not of `fs/promises`: its handle would close what the socket has
    const input = await openBoth(run.mcpInput, flags);
    return new SessionMcpServer(run, bootstrap, onWaiting, { input, output: await openBoth(run.mcpOutput, flags) });
  }

  async close(): Promise<void> {
    this.#endServer?.();
    this.#input.destroy();
    this.#output.destroy();
    for (const path of [this.#run.mcpInput, this.#run.mcpOutput]) await rm(path, { force: true });
  }

  #take(chunk: Buffer): void {
    this.#write ??= this.#start();
    this.#write(chunk);
  }

  #start(): (chunk: Buffer) => void {
    const { storeRoot, sessionId } = this.#bootstrap;
    const server = spawn(process.execPath, [join(__dirname, 'mcp.js'), '--store', storeRoot, '--session', sessionId], {
      stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    const { stdin, stdout } = server;
    if (stdin === null || stdout === null) throw new Error('The server has no pipes');
    stdin.on('error', () => undefined);
    stdout.on('data', (data: Buffer) => {
      if (this.#output.write(data)) return;
      stdout.pause();
      this.#output.once('drain', () => stdout.resume());
    });
    let waitingFor = 0;
    server.on('message', (message) => {
      const told = v.safeParse(waitingSchema, message);
      if (told.success) this.#onWaiting((waitingFor = told.output.waitingFor));
    });
    const forget = (): void => {
      this.#write = undefined;
      this.#endServer = undefined;
      if (waitingFor > 0) this.#onWaiting(0);
    };
    server.once('error', forget).once('exit', forget);
    this.#endServer = () => {
      stdin.end();
      server.kill();
    };
    return (chunk) => {
      if (stdin.write(chunk)) return;
      this.#input.pause();
      stdin.once('drain', () => this.#input.resume());
    };
  }
}

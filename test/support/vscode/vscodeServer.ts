import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHost } from '../project';
import { endProcessesOf, listProcesses, sendSignal, type ProcessFacts } from '../processes';
import { waitFor } from '../wait';

export interface ServerOptions {
  /** The folder of installed extensions (`VscodeServer.install`); by default an empty one. */
  extensionsDirectory?: string;
  /** The user's settings.json. */
  settings?: Record<string, unknown>;
  /** True if VS Code asks whether to trust a folder; by default it trusts all. */
  workspaceTrust?: boolean;
  /** How long an extension host outlives its window. VS Code's own default is three hours. */
  reconnectionGraceSeconds?: number;
  /** True if windows can run tests inside their extension host. */
  testDriver?: boolean;
  /** The home folder; by default an empty one that `stop` removes. */
  homeDirectory?: string;
  environment?: Record<string, string>;
  /** 0, the default, is any free port. */
  port?: number;
}

/** Keeps everything but the extension quiet. */
const DEFAULT_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'terminal.integrated.gpuAcceleration': 'off', // so that tests can read the text of a terminal
};

/** A VS Code server on loopback with a data folder of its own. `stop` removes its processes and files. */
export class VscodeServer {
  /** Holds the profile and the home folder. */
  readonly dataDirectory: string;
  #port: number;
  #process: ChildProcess | undefined;
  #log = '';
  readonly #options: ServerOptions;

  private constructor(dataDirectory: string, options: ServerOptions) {
    this.dataDirectory = dataDirectory;
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  static async start(options: ServerOptions = {}): Promise<VscodeServer> {
    const server = new VscodeServer(await mkdtemp(join(tmpdir(), 'corral-vscode-')), options);
    try {
      await mkdir(join(server.dataDirectory, 'home'));
      // Commits that windows make need an author.
      await writeFile(
        join(server.dataDirectory, 'home/.gitconfig'),
        '[user]\n\tname = Robin\n\temail = robin@example.com\n[init]\n\tdefaultBranch = main\n',
      );
      await server.writeSettings(options.settings ?? {});
      await server.launch();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  /** What the server has printed so far. */
  get log(): string {
    return this.#log;
  }

  /** The folder of the installed extension's store. */
  get globalStorage(): string {
    return join(this.dataDirectory, 'data/User/globalStorage/corral-dev.corral');
  }

  /** The URL of a window on a folder, or of an empty one. `payload` goes to VS Code's workbench. */
  url(folder: string | undefined, payload: [name: string, value: string][] = []): string {
    const address = new URL(`http://127.0.0.1:${String(this.#port)}/`);
    if (folder === undefined) address.searchParams.set('ew', 'true');
    else address.searchParams.set('folder', folder);
    if (payload.length > 0) address.searchParams.set('payload', JSON.stringify(payload));
    return address.href;
  }

  /** The URI by which a window refers to a path of this machine. */
  remoteUri(path: string): string {
    return `vscode-remote://127.0.0.1:${String(this.#port)}${path}`;
  }

  /** Replaces the user's settings.json. Windows read it when they are loaded again. */
  async writeSettings(settings: Record<string, unknown>): Promise<void> {
    const write = async (folder: string, values: object): Promise<void> => {
      const directory = join(this.dataDirectory, 'data', folder);
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, 'settings.json'), JSON.stringify(values, undefined, 2));
    };
    await write('User', { ...DEFAULT_SETTINGS, ...settings });
    // A window drops what is of a machine from the user's settings as soon as those change.
    const { 'corral.agents': agents, 'corral.hosts': hosts, 'corral.onUsageLimit': onUsageLimit } = settings;
    await write('Machine', { 'corral.agents': agents, 'corral.hosts': hosts, 'corral.onUsageLimit': onUsageLimit });
  }

  /** Starts the server; after `kill`, again on the same port. */
  async launch(): Promise<void> {
    const options = this.#options;
    const parameters = ['--host', '127.0.0.1', '--port', String(this.#port), '--without-connection-token'];
    if (options.testDriver === true) parameters.push('--enable-smoke-test-driver');
    if (options.workspaceTrust !== true) parameters.push('--disable-workspace-trust');
    if (options.reconnectionGraceSeconds !== undefined)
      parameters.push('--reconnection-grace-time', String(options.reconnectionGraceSeconds));
    const child = this.#spawn(parameters);
    this.#process = child;
    const port = await waitFor(
      () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The server ended:\n${this.#log}`);
        return /listening on (\d+)/.exec(this.#log)?.[1];
      },
      { what: "the start of VS Code's server" },
    );
    this.#port = Number(port);
  }

  /** Installs a packaged extension into a folder that servers can share. */
  static async install(vsix: string, extensionsDirectory: string): Promise<void> {
    const server = new VscodeServer(await mkdtemp(join(tmpdir(), 'corral-vscode-')), { extensionsDirectory });
    try {
      const [code] = (await once(server.#spawn(['--install-extension', vsix]), 'close')) as [number | null];
      if (code !== 0) throw new Error(`${vsix} could not be installed:\n${server.#log}`);
    } finally {
      await server.stop();
    }
  }

  #spawn(parameters: string[]): ChildProcess {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|GIT_|npm_)/.test(name),
    );
    const environment = {
      ...Object.fromEntries(inherited),
      HOME: this.#options.homeDirectory ?? join(this.dataDirectory, 'home'),
      EXTENSIONS_GALLERY: '{}',
      ...this.#options.environment,
    };
    const common = ['--accept-server-license-terms', '--disable-telemetry', '--server-data-dir', this.dataDirectory];
    if (this.#options.extensionsDirectory !== undefined)
      common.push('--extensions-dir', this.#options.extensionsDirectory);
    const child = spawn(process.execPath, [readHost().serverMain, ...parameters, ...common], {
      cwd: this.dataDirectory, // by which `stop` finds processes that outlive the server
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#log = '';
    const note = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-100_000);
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end); // also if a test fails before its clean-up
    child.once('exit', () => process.off('exit', end));
    return child;
  }

  /** The extension hosts of the windows, newest first. */
  async extensionHosts(): Promise<ProcessFacts[]> {
    const hosts = (await this.#children()).filter((facts) => facts.command.includes('--type=extensionHost'));
    return hosts.sort((left, right) => right.startedAt - left.startedAt || right.pid - left.pid);
  }

  async #children(): Promise<ProcessFacts[]> {
    return (await listProcesses()).filter((facts) => facts.parentPid === this.#process?.pid);
  }

  /** Kills the newest extension host with SIGKILL and waits for its end. */
  async killExtensionHost(): Promise<void> {
    const host = await waitFor(async () => (await this.extensionHosts())[0], { what: 'an extension host' });
    sendSignal(host.pid, 'SIGKILL');
    await waitFor(async () => (await this.extensionHosts()).every((facts) => facts.pid !== host.pid), {
      what: 'the end of the extension host',
    });
  }

  /** Kills the server and its extension hosts with SIGKILL, like a crash. Runners live on; `launch` starts it again. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit'); // before any await, since Ctrl+C may end the server meanwhile
    const children = process.platform === 'win32' ? [] : await this.#children();
    child.kill('SIGKILL');
    for (const { pid } of children) sendSignal(pid, 'SIGKILL');
    await exited;
  }

  /** Ends the server and all processes that it or its extensions started, and removes the data folder. */
  async stop(): Promise<void> {
    await this.kill();
    await endProcessesOf(this.dataDirectory);
    await rm(this.dataDirectory, { recursive: true, force: true, maxRetries: 5 });
  }
}

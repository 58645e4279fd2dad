import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReconnectingHost } from '../../../../src/supervisor/hosts/reconnectingHost';
import { openTransport } from '../../../../src/supervisor/hosts/transport/openTransport';
import type { HostState } from '../../../../src/supervisor/system/hostConnection';
import { endProcessesOf, processesOf } from '../../../support/processes';
import { projectRoot } from '../../../support/project';
import { waitFor } from '../../../support/wait';

/** Two programs carry the bytes to the host's and back, as ssh does. */
export const CARRIED = 'cd "$HOME"; cat | "$@" | cat';

/** Program and arguments that run the script `code` in Node. */
export function script(code: string, ...parameters: string[]): [string, ...string[]] {
  return [process.execPath, '-e', code, '--', ...parameters];
}

/** The host program on this machine, in a home folder of its own. */
export class TestHost {
  readonly folder: string;
  readonly connection: ReconnectingHost;
  readonly states: HostState[] = [];
  /** The script that enters the host: `"$@"` is the command that is to run there. */
  entry = 'echo "Welcome!"; exec "$@"';

  private constructor(folder: string, bytes: Buffer) {
    this.folder = folder;
    const program = { version: '0.0.0', bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
    const home = join(folder, 'home');
    this.connection = new ReconnectingHost({
      name: 'test',
      version: '0.0.0',
      openTransport: async ({ signal }) => {
        const exec: [string, ...string[]] = ['env', `HOME=${home}`, 'sh', '-c', this.entry, 'sh'];
        const host = { name: 'test', setting: { exec, node: process.execPath } };
        return await openTransport(host, { program, signal });
      },
      log: { info: () => undefined, warn: () => undefined, error: (message) => assert.fail(message) },
    });
    this.connection.onDidChangeState((state) => this.states.push(state));
  }

  static async make(): Promise<TestHost> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-host-')));
    await mkdir(join(folder, 'home'));
    return new TestHost(folder, await readFile(join(projectRoot, 'dist/corral-host.js')));
  }

  /** One that is connected. */
  static async connect(entry?: string): Promise<TestHost> {
    const host = await TestHost.make();
    if (entry !== undefined) host.entry = entry;
    const state = await host.connection.reconnectNow();
    assert.equal(state.kind, 'connected', JSON.stringify(state));
    return host;
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  async reached(kind: HostState['kind']): Promise<HostState> {
    return await waitFor(() => this.connection.state.kind === kind && this.connection.state, { what: kind });
  }

  /** The pid of the host program itself. */
  async serverPid(): Promise<number> {
    const { stdout } = await this.connection.run(['sh', '-c', 'echo $PPID']);
    return Number(stdout.toString());
  }

  /** Those of the processes in its folder whose command line has the text. */
  async running(text: string): Promise<number[]> {
    return (await processesOf(this.folder)).filter(({ command }) => command.includes(text)).map(({ pid }) => pid);
  }

  /** The two programs of `CARRIED`. */
  async carriers(): Promise<number[]> {
    return (await processesOf(this.folder)).filter(({ command }) => command.trim() === 'cat').map(({ pid }) => pid);
  }

  async close(): Promise<void> {
    this.connection.close();
    await endProcessesOf(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }
}

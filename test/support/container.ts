/** Processes in a pid namespace of their own, as those of a container are. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { messageOf } from '../../src/common/errors';
import { projectRoot } from './project';

/** `--kill-child`: the end of `unshare` ends the first process of the namespace, and that ends all others. */
export const UNSHARE = [
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
];

/** Why there are no pid namespaces to be had here; undefined where there are. */
export async function noNamespaces(): Promise<string | undefined> {
  const reason =
    process.platform === 'linux'
      ? await promisify(execFile)('unshare', [...UNSHARE, 'true']).then(() => undefined, messageOf)
      : 'only Linux has them';
  return reason === undefined ? undefined : `there are no pid namespaces to be had here: ${reason.trim()}`;
}

/** Bundles a program of test/fixtures into a folder of its own, and runs `action` with its path. */
export async function withBundle<T>(fixture: string, action: (program: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'corral-bundle-'));
  try {
    const source = join(projectRoot, 'test/fixtures', fixture);
    const parameters = ['--bundle', '--platform=node', `--outfile=${join(folder, 'program.js')}`, '--log-level=error'];
    await promisify(execFile)(join(projectRoot, 'node_modules/.bin/esbuild'), [source, ...parameters]);
    return await action(join(folder, 'program.js'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

export class Container {
  readonly #unshare: ChildProcessByStdio<null, Readable, null>;
  /** The first that it prints. */
  readonly said: Promise<string>;

  constructor(program: readonly string[]) {
    this.#unshare = spawn('unshare', [...UNSHARE, process.execPath, ...program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.said = once(this.#unshare.stdout, 'data').then(([chunk]) => String(chunk).trim());
  }

  /** Ends every process in it, as the stop of a container does. */
  async stop(): Promise<void> {
    const ended = once(this.#unshare, 'exit');
    this.#unshare.kill('SIGKILL');
    await ended;
  }
}

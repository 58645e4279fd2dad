import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';

function findRoot(directory: string): string {
  if (existsSync(join(directory, 'package-lock.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error(`${__dirname} is not inside the project`);
  return findRoot(parent);
}

/** The project's folder; the running bundle is somewhere below it. */
export const projectRoot = findRoot(__dirname);

/** Where scripts/test.mjs installs the packaged extension for the end-to-end tests. */
export const installedExtensions = join(projectRoot, 'out/extensions');

/** Bundles TypeScript programs of test/fixtures for Node. Returns the new folder that has them, by their names. */
export async function bundleFixtures(...paths: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'corral-bundle-'));
  await promisify(execFile)(join(projectRoot, 'node_modules/.bin/esbuild'), [
    ...paths.map((path) => join(projectRoot, 'test/fixtures', path)),
    ...['--bundle', '--platform=node', `--outdir=${folder}`, '--entry-names=[name]', '--log-level=error'],
  ]);
  return folder;
}

const hostSchema = v.object({ serverMain: v.string(), chromium: v.optional(v.string()) });

/** The paths of VS Code's server and of the browser, as scripts/host.mjs installed them. */
export function readHost(): v.InferOutput<typeof hostSchema> {
  const path = join(projectRoot, '.vscode-test/host.json');
  if (!existsSync(path))
    throw new Error('The VS Code for tests is not installed: `npm run test:e2e` or `npm run test:host` installs it.');
  return v.parse(hostSchema, JSON.parse(readFileSync(path, 'utf8')));
}

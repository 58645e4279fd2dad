import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';

function findRoot(directory: string): string {
  if (existsSync(join(directory, 'package-lock.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error(`${__dirname} is not inside the project`);
  return findRoot(parent);
}

/** The repository's folder, wherever below it the running bundle lies. */
export const projectRoot = findRoot(__dirname);

/** The packaged extension, installed for all servers of the end-to-end tests by scripts/test.mjs. */
export const installedExtensions = join(projectRoot, 'out/extensions');

const hostSchema = v.object({ serverMain: v.string(), chromium: v.optional(v.string()) });

/** What scripts/host.mjs installed: VS Code's server and the browser that shows it. */
export function readHost(): v.InferOutput<typeof hostSchema> {
  const path = join(projectRoot, '.vscode-test/host.json');
  if (!existsSync(path))
    throw new Error('The VS Code for tests is not installed: `npm run test:e2e` or `npm run test:host` brings it.');
  return v.parse(hostSchema, JSON.parse(readFileSync(path, 'utf8')));
}

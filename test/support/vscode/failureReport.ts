import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'mocha';
import type { VscodeServer } from './vscodeServer';
import type { Window } from './window';

const MAX_PART_CHARACTERS = 6_000;

/**
 * For `afterEach`: after a failure, saves a picture of the window and prints its text and the end of the extension's
 * logs, for whoever has only the output of the run.
 */
export async function reportFailure(
  test: Test | undefined,
  window: Window | undefined,
  server: VscodeServer | undefined,
): Promise<void> {
  if (test?.state !== 'failed' || window === undefined) return;
  await window.picture(`failed ${test.title}`);
  const tree = await window.page.locator('body').ariaSnapshot();
  print(`--- The window after “${test.title}” failed:\n${tree.slice(0, MAX_PART_CHARACTERS)}`);
  if (server === undefined) return;
  const logs = join(server.dataDirectory, 'data/logs');
  const names = await readdir(logs, { recursive: true });
  for (const name of names.filter((each) => /corral[^/\\]*[/\\][^/\\]*\.log$/i.test(each))) {
    print(`--- ${name}:\n${(await readFile(join(logs, name), 'utf8')).slice(-MAX_PART_CHARACTERS)}`);
  }
}

function print(text: string): void {
  process.stderr.write(`${text}\n`);
}

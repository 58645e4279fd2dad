import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as execaProcess from './execaProcess';
import type { RunProcess } from './runProcess';

/** Runs programs with the bundle `execaProcess.js` of this folder, which is loaded at the first of them. */
export function runWithExecaOf(bundles: string): RunProcess {
  const { href } = pathToFileURL(join(bundles, 'execaProcess.js'));
  return async (argv, options) => {
    const { runWithExeca } = (await import(href)) as typeof execaProcess;
    return await runWithExeca(argv, options);
  };
}

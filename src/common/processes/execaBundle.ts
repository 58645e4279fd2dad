import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as execaProcess from './execaProcess';
import type { RunProcess } from './runProcess';

/** Runs programs with the bundle `execaProcess.js` of this folder, which is loaded at the first of them. */
export function runWithExecaOf(bundles: string): RunProcess {
  const { href } = pathToFileURL(join(bundles, 'execaProcess.js'));
  let loading: Promise<typeof execaProcess> | undefined;
  return async (argv, options) => {
    loading ??= import(href) as Promise<typeof execaProcess>;
    return await (await loading).runWithExeca(argv, options);
  };
}

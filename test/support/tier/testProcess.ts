/** A process that runs the files of tests that its parent names, one after the other. See `manyProcesses`. */
import { inspect } from 'node:util';
import * as v from 'valibot';
import { runFile, type FileResult } from './oneProcess';

const requestSchema = v.object({ path: v.string(), color: v.optional(v.boolean(), false) });

/** `bytes` is how much memory the process takes now. */
export type Answer = FileResult & { bytes: number };

async function answer(message: unknown): Promise<Answer> {
  const { path, color } = v.parse(requestSchema, message);
  const result = await runFile(path, { color }).catch((error: unknown) => {
    const reason = `${path} could not be run: ${inspect(error)}`;
    return { passed: 0, failed: 1, skipped: 0, tests: [], report: reason, failures: reason };
  });
  return { ...result, bytes: process.memoryUsage.rss() };
}

process.on('message', (message) => void answer(message).then((result) => process.send?.(result)));
// Handlers of `exit` end what a test started; a signal alone would not run them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
process.on('disconnect', () => process.exit());

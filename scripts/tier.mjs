/** Runs the tests of one tier and exits. scripts/test.mjs starts one such process for each tier. */
import { join } from 'node:path';
import { runInExtensionHost } from '../out/support/vscode/extensionHost.js';
import { runTier } from '../out/support/tier/manyProcesses.js';
import { root } from './installation.mjs';

/** A tier that hangs must not hang the whole run. */
const LIMIT_MS = Number(process.env.CORRAL_TEST_MINUTES ?? 40) * 60_000;

// Handlers of `exit` end what a test started; a signal alone would not run them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
const limit = setTimeout(() => {
  console.error(`The tier did not end within ${LIMIT_MS / 60_000} minutes.`);
  process.exit(1);
}, LIMIT_MS);

const tier = process.argv[2];
// Tests wait much of their time for processes and disks; windows need the processors themselves.
const FILES_AT_ONCE = tier === 'e2e' ? 2 : 4;
const code =
  tier === 'host'
    ? await runInExtensionHost()
    : (await runTier(join(root, 'out', process.env.CORRAL_TEST_FOLDER ?? tier), FILES_AT_ONCE)).failed;
clearTimeout(limit);
process.exit(code === 0 ? 0 : 1);

/** Runs one tier's bundles and exits; started by scripts/test.mjs for each tier in a process of its own. */
import { join } from 'node:path';
import { runInExtensionHost } from '../out/support/vscode/extensionHost.js';
import { runTests } from '../out/support/tier.js';
import { root } from './installation.mjs';

/** A tier that hangs must not hang the whole run. */
const LIMIT_MS = Number(process.env.CORRAL_TEST_MINUTES ?? 40) * 60_000;

// What a test started is ended by handlers of `exit`, which a signal by itself would not run.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
const limit = setTimeout(() => {
  console.error(`The tier did not end within ${LIMIT_MS / 60_000} minutes.`);
  process.exit(1);
}, LIMIT_MS);

const tier = process.argv[2];
// Half of a unit test's time is waiting for processes and disks. The windows of e2e would only make each other slow.
const filesAtOnce = tier === 'unit' ? 2 : 1;
const code =
  tier === 'host' ? await runInExtensionHost() : (await runTests(join(root, 'out', tier), { filesAtOnce })).failed;
clearTimeout(limit);
process.exit(code === 0 ? 0 : 1);

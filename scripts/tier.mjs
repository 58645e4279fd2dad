/** `tier.mjs <tier> [<file>]`: runs a tier's bundles, or one of them, and exits; started by scripts/test.mjs for each tier in a process of its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInExtensionHost } from '../out/support/extensionHost.js';
import { runTests } from '../out/support/tier.js';
import { root } from './installation.mjs';
import { runSideBySide } from './sideBySide.mjs';

/** A tier that hangs must not hang the whole run. */
const LIMIT_MS = Number(process.env.CORRAL_TEST_MINUTES ?? 15) * 60_000;

// What a test started is ended by handlers of `exit`, which a signal by itself would not run.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
const limit = setTimeout(() => {
  console.error(`The tier did not end within ${LIMIT_MS / 60_000} minutes.`);
  process.exit(1);
}, LIMIT_MS);

/** The number of failed tests. */
async function run(tier, file) {
  if (tier === 'host') return await runInExtensionHost();
  // Who picks a few tests does not want to wait for a process for each file.
  if (tier !== 'unit' || file !== undefined || (process.env.CORRAL_TEST_GREP ?? '') !== '') return (await runTests(join(root, 'out', tier), file)).failed;
  const summary = await runSideBySide(tier);
  await writeFile(process.env.CORRAL_TEST_SUMMARY, JSON.stringify(summary));
  return summary.failed;
}

const code = await run(process.argv[2], process.argv[3]);
clearTimeout(limit);
process.exit(code === 0 ? 0 : 1);

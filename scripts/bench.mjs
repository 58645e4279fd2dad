/** `npm run bench [-- <case>…]`: installs the peer that Corral is measured against (once), builds and measures. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installChromium, installExtension, installServer, writeHostFile } from './host.mjs';
import { enterProjectNode, npm, root, runOrThrow } from './installation.mjs';

await enterProjectNode(import.meta.filename);
const bench = join(root, 'bench');
if (!['better-sqlite3', 'vega-lite'].every((name) => existsSync(join(bench, 'node_modules', name))))
  await npm(['ci', '--no-audit', '--no-fund'], { cwd: bench });
await runOrThrow(process.execPath, [join(root, 'esbuild.mjs'), '--tests', '--minify']);
const cases = process.argv.slice(2);
if (cases.length === 0 || cases.some((name) => ['6', '9p'].includes(name))) {
  await writeHostFile({ serverMain: await installServer(), chromium: await installChromium() });
  await installExtension();
}
await runOrThrow(process.execPath, ['--enable-source-maps', join(root, 'out/bench/main.js'), ...cases]);

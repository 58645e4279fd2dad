/** `npm run bench [-- <case>… | --quick]`: builds and measures. */
import { join } from 'node:path';
import { installChromium, installExtension, installServer, writeHostFile } from './host.mjs';
import { enterProjectNode, root, runOrThrow } from './installation.mjs';

/** Cases that need the packaged extension, most of them in a real VS Code. */
const PACKAGED = ['6', '7', '9p', '15', '17', '19', '--quick'];

await enterProjectNode(import.meta.filename);
await runOrThrow(process.execPath, [join(root, 'esbuild.mjs'), '--tests', '--minify']);
const parameters = process.argv.slice(2);
if (parameters.length === 0 || parameters.some((name) => PACKAGED.includes(name))) {
  await writeHostFile({ serverMain: await installServer(), chromium: await installChromium() });
  await installExtension();
}
await runOrThrow(process.execPath, [join(root, 'out/bench/main.js'), ...parameters]);

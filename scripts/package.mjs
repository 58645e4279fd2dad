/** `npm run package [-- <file>]`: builds minified and packs `corral-<version>.vsix`. `--built` packs dist/ as it is. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { enterProjectNode, root, runOrThrow } from './installation.mjs';

await enterProjectNode(import.meta.filename);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { built: { type: 'boolean', default: false } },
});
if (!values.built) await runOrThrow(process.execPath, [join(root, 'esbuild.mjs'), '--minify']);
const target = positionals[0] === undefined ? [] : ['--out', positionals[0]];
await runOrThrow(process.execPath, [
  join(root, 'node_modules/@vscode/vsce/vsce'),
  'package',
  '--no-dependencies',
  '--allow-missing-repository',
  '--no-rewrite-relative-links',
  ...target,
]);

/** `npm run package [-- <file>]`: a minified build as `corral-<version>.vsix`. `--built` packs what is in dist/ already. */
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

// Builds every bundle: what the VSIX carries into dist/, and the tests into out/. `node esbuild.mjs [--tests] [--minify]`
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const options = new Set(process.argv.slice(2));
const root = import.meta.dirname;

/** Node 22 is what the oldest supported VS Code runs its extensions on. */
const node = { bundle: true, platform: 'node', target: 'node22', format: 'cjs', sourcemap: true, logLevel: 'warning', absWorkingDir: root, define: { 'import.meta.url': '__importMetaUrl' }, banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" } };

const product = [
  { ...node, entryPoints: { extension: 'src/extension.ts' }, external: ['vscode'] },
  { ...node, entryPoints: { storeWorker: 'src/storage/database/worker.ts' } },
  { ...node, entryPoints: { runner: 'src/supervisor/runner/main.ts' } },
  { ...node, entryPoints: { demoAgent: 'src/supervisor/agents/demoAgent.ts' } },
  {
    bundle: true, platform: 'browser', target: 'es2023', format: 'iife', sourcemap: false, logLevel: 'warning', absWorkingDir: root,
    entryPoints: { timeline: 'media/timeline.tsx' }, jsx: 'automatic', jsxImportSource: 'preact', loader: { '.css': 'css' },
  },
];

for (const options_ of product) {
  const [entry] = Object.values(options_.entryPoints);
  if (!existsSync(join(root, entry))) continue; // while the line is being built
  await build({ ...options_, outdir: 'dist', minify: options.has('--minify') });
}
await mkdir(join(root, 'dist'), { recursive: true });
await copyFile(join(root, 'node_modules/sql.js/dist/sql-wasm.wasm'), join(root, 'dist/sql-wasm.wasm'));

if (options.has('--tests')) {
  const tests = (await readdir(join(root, 'test/unit'), { recursive: true })).filter((name) => name.endsWith('.test.ts'));
  await build({ ...node, entryPoints: tests.map((name) => join('test/unit', name)), outbase: 'test/unit', outdir: 'out/unit', external: ['vscode', 'mocha'] });
}

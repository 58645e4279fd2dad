// `node esbuild.mjs [--tests] [--minify] [--test-maps]`: bundles the extension into dist/ and, with --tests, the tests
// into out/. Source maps of tests are larger than those, and only read by `npm run test:blocks`.
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const options = new Set(process.argv.slice(2));
const root = import.meta.dirname;
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** The oldest supported VS Code runs its extensions on Node 22. */
const node = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  sourcemap: true,
  logLevel: 'warning',
  logOverride: { 'import-is-undefined': 'error' },
  absWorkingDir: root,
  define: { 'import.meta.url': '__importMetaUrl' },
  banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/** There is one for each run. Node holds 0.3 MB more for a bundle that names its source map. */
const runner = {
  ...node,
  sourcemap: 'external',
  define: {},
  banner: {},
  alias: { '@vscode/l10n': './node_modules/@vscode/l10n/dist/browser.js' }, // reads no file
};

/** A page in a webview. */
const page = {
  bundle: true,
  platform: 'browser',
  target: 'es2023',
  format: 'esm',
  sourcemap: false,
  logLevel: 'warning',
  absWorkingDir: root,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.css': 'css' },
};

/** `bundle:<name>` is the text of the bundle that was built before with that name. */
const bundleAsText = {
  name: 'bundle-as-text',
  setup(building) {
    building.onResolve({ filter: /^bundle:/ }, ({ path }) => ({
      path: join(root, 'dist', `${path.slice('bundle:'.length)}.js`),
      namespace: 'bundle',
    }));
    building.onLoad({ filter: /.*/, namespace: 'bundle' }, async ({ path }) => ({
      contents: await readFile(path, 'utf8'),
      loader: 'text',
    }));
  },
};

/** What `lazy.js` exports: the modules that the extension imports when they are needed. */
const lazyModules = new Set();
/** Modules with state or a class of errors are one and the same in `extension.js` and `lazy.js`. */
const SHARED = [
  'src/storage/errors.ts',
  'src/supervisor/git/worktrees/exclusions.ts',
  'src/supervisor/system/identity.ts',
  'src/supervisor/system/lockFiles.ts',
  'src/supervisor/system/locks.ts',
  'src/supervisor/system/stuckLock.ts',
  'src/supervisor/system/systemQuery.ts',
  'src/views/reviewTabs.ts',
];
const SHARED_PACKAGE = '@vscode/l10n';

/** Each `import('./…')` of the extension becomes one of `lazy.js`, so that a window starts without that code. */
const lazily = {
  name: 'lazily',
  setup(building) {
    building.onResolve({ filter: /^\.\.?\// }, async ({ path, kind, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      lazyModules.add(join(resolveDir, path));
      return { path: './lazy.js', external: true };
    });
  },
};

const withShared = {
  name: 'with-shared',
  setup(building) {
    building.onResolve(
      { filter: new RegExp(`(^${SHARED_PACKAGE}|/(${SHARED.map((path) => basename(path, '.ts')).join('|')}))$`) },
      async ({ path, pluginData, ...found }) => {
        if (pluginData === 'resolving') return undefined;
        const resolved = await building.resolve(path, { ...found, pluginData: 'resolving' });
        const isShared = path === SHARED_PACKAGE || SHARED.some((each) => resolved.path === join(root, each));
        return isShared ? { path: './shared.js', external: true } : undefined;
      },
    );
  },
};

/** A bundle reads the API of VS Code once. Otherwise each of its modules copies all of it when a window starts. */
const apiOnce = {
  name: 'api-once',
  setup(building) {
    building.onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === 'api' ? { path: 'vscode', external: true } : { path: 'vscode', namespace: 'api' },
    );
    building.onLoad({ filter: /.*/, namespace: 'api' }, async () => {
      const types = await readFile(join(root, 'node_modules/@types/vscode/index.d.ts'), 'utf8');
      const exported = types.matchAll(/^\t(?:export )?(?:abstract )?(?:class|const|enum|namespace) (\w+)/gm);
      const names = new Set([...exported].map(([, name]) => name));
      return { contents: `export const { ${[...names].join(', ')} } = require('vscode');`, loader: 'js' };
    });
  },
};

/**
 * The file in memory of a database of sql.js grows by an eighth and is copied each time, which takes longer than
 * all that SQLite does for a burst of events. Here it doubles; the part that is not used takes no memory.
 */
const doubling = {
  name: 'doubling',
  setup(building) {
    building.onLoad({ filter: /[\\/]sql-wasm\.js$/ }, async ({ path }) => {
      const parts = (await readFile(path, 'utf8')).split(GROWTH_OF_SQL_JS);
      if (parts.length !== 2) throw new Error(`${path} has no single place at which a file grows.`);
      return { contents: parts.join('?2:2'), loader: 'js' };
    });
  },
};
const GROWTH_OF_SQL_JS = '?2:1.125';

/** A bundle without a file of its own that exports all that `modules` do. */
const exporting = (modules) => ({
  contents: [...modules].map((path) => `export * from ${JSON.stringify(path)};`).join('\n'),
  resolveDir: root,
});

const product = [
  {
    ...node,
    entryPoints: { extension: 'src/extension.ts' },
    plugins: [lazily, withShared, apiOnce],
  },
  {
    ...node,
    stdin: () => exporting(lazyModules),
    outfile: 'dist/lazy.js',
    plugins: [withShared, apiOnce],
  },
  {
    ...node,
    stdin: () => exporting([SHARED_PACKAGE, ...SHARED.map((path) => `./${path}`)]),
    outfile: 'dist/shared.js',
    external: ['vscode'],
  },
  { ...node, entryPoints: { execaProcess: 'src/common/processes/execaProcess.ts' } },
  { ...node, entryPoints: { storeWorker: 'src/storage/database/worker.ts' }, plugins: [doubling] },
  { ...node, entryPoints: { searchThread: 'src/storage/search/searchThread.ts' } },
  { ...runner, entryPoints: { runner: 'src/supervisor/runner/main.ts' } },
  { ...node, entryPoints: { mcp: 'src/mcp/main.ts' } },
  { ...node, entryPoints: { demoAgent: 'src/supervisor/agents/demo/demoAgent.ts' } },
  // What is installed on a host is this one file.
  {
    ...runner,
    entryPoints: { 'corral-host': 'src/supervisor/hostProgram/main.ts' },
    define: { CORRAL_VERSION: JSON.stringify(version) },
    plugins: [bundleAsText],
  },
  { ...runner, entryPoints: { askpass: 'src/supervisor/hosts/transport/askpassProgram.ts' } },
  { ...runner, entryPoints: { gitBridge: 'src/supervisor/hosts/work/bridgeProgram.ts' } },
  { ...page, entryPoints: { textWorker: 'media/timeline/worker/textWorker.ts' }, format: 'iife' },
  // The code of its worker is loaded when there is something to format.
  {
    ...page,
    entryPoints: { timeline: 'media/timeline/timeline.tsx' },
    splitting: true,
    chunkNames: 'timeline-[name]',
    plugins: [bundleAsText],
  },
  {
    ...page,
    entryPoints: { exportPage: 'media/timeline/export/exportPage.tsx' },
    format: 'iife',
    plugins: [bundleAsText],
  },
  { ...page, entryPoints: { composer: 'media/composer/composer.tsx' } },
  { ...page, entryPoints: { overview: 'media/overview/overview.tsx' } },
];

/** The files whose code is in the bundles. */
const bundled = new Set();
/** The names of the files in dist. */
const outputs = new Set(['sql-wasm.wasm', 'inputs.json']);
for (const { stdin, ...bundle } of product) {
  const { metafile } = await build({
    ...bundle,
    ...(stdin === undefined ? { outdir: 'dist' } : { stdin: stdin() }),
    minify: options.has('--minify'),
    metafile: true,
  });
  for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
    outputs.add(basename(output));
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) if (bytesInOutput > 0) bundled.add(path);
  }
}
for (const name of await readdir(join(root, 'dist'))) if (!outputs.has(name)) await rm(join(root, 'dist', name));
await copyFile(join(root, 'node_modules/sql.js/dist/sql-wasm.wasm'), join(root, 'dist/sql-wasm.wasm'));
// Read by scripts/notices.mjs.
await writeFile(join(root, 'dist/inputs.json'), JSON.stringify([...bundled].sort()));

async function listSources(folder, suffix) {
  return (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(suffix));
}

/** Bundles a folder's tests and `entries`, and removes bundles whose source is gone. */
async function buildTests(directory, entries = []) {
  const source = join(root, 'test', directory);
  const tests = await listSources(source, '.test.ts');
  const names = [...entries, ...tests].map((name) => name.slice(0, -'.ts'.length));
  const outdir = join('out', directory);
  await build({
    ...node,
    entryPoints: names.map((name) => join('test', directory, `${name}.ts`)),
    outbase: join('test', directory),
    outdir,
    sourcemap: options.has('--test-maps'),
    external: ['vscode', 'mocha', 'playwright-core', 'typescript'],
    plugins: [bundleAsText],
  });
  const built = (await readdir(join(root, outdir), { recursive: true })).filter((name) => name.endsWith('.test.js'));
  for (const name of built) if (!names.includes(name.slice(0, -'.js'.length))) await rm(join(root, outdir, name));
}

if (options.has('--tests')) {
  await buildTests('unit');
  await buildTests('host', ['index.ts']);
  await buildTests('e2e');
  await buildTests('hosts');
  await buildTests('agents');
  await build({
    ...node,
    entryPoints: ['bench/main.ts', 'bench/hostProcess.ts', 'bench/loopWatch.ts', 'bench/bare/bareExtension.ts'],
    outdir: 'out/bench',
    outbase: 'bench',
    external: ['playwright-core', 'vscode'],
  });
  await buildTests('simulation', ['main.ts', 'farm/farmProcess.ts']);
  await buildTests('torture', ['main.ts', 'window/window.ts', 'fileRecorder.ts', 'clockShift.ts']);
  await buildTests('support', [
    'tier/manyProcesses.ts',
    'tier/testProcess.ts',
    'vscode/extensionHost.ts',
    'vscode/vscodeServer.ts',
    'hosts/delayedLink.ts',
    'processes.ts',
    'turns/turnWatch.ts',
  ]);
}

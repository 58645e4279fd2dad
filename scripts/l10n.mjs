/**
 * `npm run l10n [-- --check]`: collects all sentences that the code shows to people into l10n/bundle.l10n.json.
 * With `--check` nothing is written, and a bundle that is not current is an error.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { getL10nJson } from '@vscode/l10n-dev';
import * as prettier from 'prettier';
import { root } from './installation.mjs';

const FOLDERS = ['src', 'media'];
const bundlePath = join(root, 'l10n/bundle.l10n.json');

async function sourceFiles(folder) {
  const names = await readdir(join(root, folder), { recursive: true });
  const sources = names.filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'));
  return await Promise.all(
    sources.map(async (name) => ({
      extension: extname(name),
      contents: await readFile(join(root, folder, name), 'utf8'),
    })),
  );
}

async function currentBundle() {
  const sentences = await getL10nJson((await Promise.all(FOLDERS.map(sourceFiles))).flat());
  const sorted = Object.fromEntries(Object.entries(sentences).sort(([a], [b]) => (a < b ? -1 : 1)));
  const options = await prettier.resolveConfig(bundlePath);
  return await prettier.format(JSON.stringify(sorted), { ...options, parser: 'json' });
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const bundle = await currentBundle();
if (values.check) {
  if (bundle !== (await readFile(bundlePath, 'utf8').catch(() => ''))) {
    console.error('l10n/bundle.l10n.json is not current: run `npm run l10n` and commit what it writes.');
    process.exitCode = 1;
  }
} else {
  await mkdir(join(root, 'l10n'), { recursive: true });
  await writeFile(bundlePath, bundle);
}

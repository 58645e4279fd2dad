/** `node scripts/notices.mjs [<file>]` writes THIRD-PARTY-NOTICES; it fails where bundled code has no license text. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './installation.mjs';

export const NOTICES = 'THIRD-PARTY-NOTICES';
const LICENSE_FILE = /^(licen[sc]e|copying|copyright|notice)([.-].*)?$/i;
const RULE = '='.repeat(80);
/** For packages that are published without their license text: from their repositories. */
const MISSING_TEXTS = { '@vscode/l10n': 'vscode-l10n.txt' };
/** What dist/sql-wasm.wasm of sql.js is compiled from. */
const COMPILED = [
  { name: 'SQLite', license: 'Public Domain', file: 'sqlite.txt' },
  { name: 'Emscripten', license: 'MIT', file: 'emscripten.txt' },
  { name: 'musl', license: 'MIT', file: 'musl.txt' },
];

/** The folders of the packages that have a file among `inputs`, sorted; nested ones by their own folder. */
export function packageFolders(inputs) {
  const folders = inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(folders)].sort();
}

/** @returns name, version, license and texts of a package */
async function packageNotice(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => LICENSE_FILE.test(file)).sort();
  const own = Object.hasOwn(MISSING_TEXTS, name) ? [join(root, 'scripts/licenses', MISSING_TEXTS[name])] : [];
  const paths = files.length > 0 ? files.map((file) => join(folder, file)) : own;
  const texts = await Promise.all(paths.map(async (path) => (await readFile(path, 'utf8')).trim()));
  const text = texts.filter((each) => each !== '').join('\n\n');
  if (text === '') throw new Error(`${name} ${version} is in the bundles, and ${folder} has no license text.`);
  return { name, version, license: String(license ?? 'see below'), text };
}

/** @returns the heading of each notice, in order, and the whole text */
export async function makeNotices(inputs, base = root) {
  const packages = await Promise.all(packageFolders(inputs).map(async (folder) => packageNotice(join(base, folder))));
  const compiled = await Promise.all(
    COMPILED.map(async ({ name, license, file }) => ({
      name,
      version: 'as in sql-wasm.wasm',
      license,
      text: (await readFile(join(root, 'scripts/licenses', file), 'utf8')).trim(),
    })),
  );
  // The same version may lie in several folders.
  const notices = new Map(
    [...packages, ...compiled].map(({ name, version, license, text }) => [`${name} ${version} (${license})`, text]),
  );
  const headings = [...notices.keys()];
  const sections = [...notices].map(([heading, text]) => `${RULE}\n${heading}\n${RULE}\n\n${text}\n`);
  const introduction = `Corral contains the following software of others.\n\n${headings.map((each) => `- ${each}\n`).join('')}`;
  return { headings, text: `${introduction}\n${sections.join('\n')}` };
}

/** What esbuild.mjs said to be in the bundles of dist/. */
export async function bundledInputs() {
  return JSON.parse(await readFile(join(root, 'dist/inputs.json'), 'utf8'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [target = join(root, NOTICES), inputs] = process.argv.slice(2);
  const given = inputs === undefined ? undefined : JSON.parse(await readFile(inputs, 'utf8'));
  const { text } = await makeNotices(given ?? (await bundledInputs()), given === undefined ? root : dirname(inputs));
  await writeFile(target, text);
}

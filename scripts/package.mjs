/** `npm run package [-- <file>]`: builds minified and packs `corral-<version>.vsix`. `--built` packs dist/ as it is. */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { enterProjectNode, root, runOrThrow } from './installation.mjs';
import { bundledInputs, makeNotices, NOTICES } from './notices.mjs';

await enterProjectNode(import.meta.filename);

const vsceEntry = join(root, 'node_modules/@vscode/vsce/vsce');

/** The content of a file in a VSIX, by the library that packs it. @throws where the file is missing */
async function packedFile(vsix, name) {
  const { default: yauzl } = await import(createRequire(vsceEntry).resolve('yauzl'));
  return await new Promise((fulfil, reject) => {
    yauzl.open(vsix, { lazyEntries: true }, (failure, archive) => {
      if (failure) return reject(failure);
      archive.on('error', reject);
      archive.on('end', () => reject(new Error(`${vsix} lacks ${name}.`)));
      archive.on('entry', (entry) => {
        if (entry.fileName !== name) return archive.readEntry();
        archive.openReadStream(entry, (error, stream) => {
          if (error) return reject(error);
          const chunks = [];
          stream.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
          stream.on('end', () => fulfil(Buffer.concat(chunks).toString()));
        });
      });
      archive.readEntry();
    });
  });
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { built: { type: 'boolean', default: false } },
});
if (!values.built) await runOrThrow(process.execPath, [join(root, 'esbuild.mjs'), '--minify']);
const { headings, text } = await makeNotices(await bundledInputs());
await writeFile(join(root, NOTICES), text);
const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const vsix = resolve(positionals[0] ?? join(root, `${name}-${version}.vsix`));
await runOrThrow(process.execPath, [
  vsceEntry,
  'package',
  '--no-dependencies',
  '--allow-missing-repository',
  '--no-rewrite-relative-links',
  ...['--out', vsix],
]);
const packed = await packedFile(vsix, `extension/${NOTICES}`);
const missing = headings.filter((heading) => !packed.includes(`\n${heading}\n`));
if (missing.length > 0) throw new Error(`${NOTICES} in ${vsix} lacks ${missing.join(', ')}.`);
console.log(`${NOTICES} names ${headings.length} pieces of software.`);

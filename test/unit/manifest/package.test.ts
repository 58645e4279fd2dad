import assert from 'node:assert/strict';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { projectRoot } from '../../support/project';

/** For developers: which files the bundles were made of. */
const DEVELOPMENT_FILES = [/\.map$/, /^inputs\.json$/];

/** The files below `folder` whose names fit, with their text. */
async function sources(folder: string): Promise<string[]> {
  const names = await readdir(join(projectRoot, folder), { recursive: true });
  const fitting = names.filter((name) => /\.tsx?$/.test(name));
  return await Promise.all(fitting.map(async (name) => await readFile(join(projectRoot, folder, name), 'utf8')));
}

describe('the package', () => {
  /** What `.vscodeignore` takes into the package. */
  let patterns: string[];
  let built: string[];
  before(async () => {
    const ignore = await readFile(join(projectRoot, '.vscodeignore'), 'utf8');
    patterns = ignore.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    built = await readdir(join(projectRoot, 'dist'));
  });

  const expression = (pattern: string): RegExp =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  const isPacked = (name: string): boolean => patterns.some((pattern) => expression(pattern).test(`dist/${name}`));

  it('has every file that the build makes, but those for developers and those that are within others', async () => {
    const texts = (await sources('media')).flatMap((text) =>
      [...text.matchAll(/import\('bundle:(\w+)'\)/g)].map(([, name = '']) => `${name}.js`),
    );
    assert.ok(texts.length > 0);
    const needed = built.filter(
      (name) => !texts.includes(name) && !DEVELOPMENT_FILES.some((pattern) => pattern.test(name)),
    );
    assert.deepEqual(built.filter(isPacked).sort(), needed.sort());
  });

  it('has every bundle that the code names', async () => {
    const code = (await sources('src')).join('\n');
    const bundles = [...code.matchAll(/(?<!from )(?:'|`\$\{bundles\}\/)([\w-]+\.(?:js|css|wasm))['`]/g)].map(
      ([, name = '']) => name,
    );
    assert.ok(bundles.length > 6, bundles.join());
    assert.deepEqual(
      bundles.filter((name) => !built.includes(name) || !isPacked(name)),
      [],
    );
  });

  it('names only what is there', async () => {
    for (const pattern of patterns) {
      if (pattern === 'THIRD-PARTY-NOTICES') continue; // written for the package
      const folder = pattern.includes('/') ? pattern.slice(0, pattern.indexOf('/')) : '';
      const names = await readdir(join(projectRoot, folder));
      const name = folder === '' ? pattern : pattern.slice(folder.length + 1);
      if (name.endsWith('/**')) await access(join(projectRoot, folder, name.slice(0, -'/**'.length)));
      else
        assert.ok(
          names.some((each) => expression(name).test(each)),
          pattern,
        );
    }
  });
});

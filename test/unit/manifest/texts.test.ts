import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import * as v from 'valibot';
import { readManifest, readTexts } from './manifest';

const TEXT_PROPERTIES = new Set([
  'title',
  'name',
  'displayName',
  'userDescription',
  'contextualTitle',
  'description',
  'markdownDescription',
  'enumDescriptions',
  'contents',
]);
/** The same in every language. */
const PRODUCT_NAME = 'Corral';

/** Every string of the manifest with its property's name; those of a list have the list's name. */
function strings(value: unknown, property = ''): [property: string, text: string][] {
  if (typeof value === 'string') return [[property, value]];
  if (Array.isArray(value)) return value.flatMap((each) => strings(each, property));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => strings(each, name));
}

describe('the texts of package.json', () => {
  let manifest: string;
  let texts: Record<string, string>;
  before(async () => {
    manifest = await readManifest();
    texts = await readTexts();
  });

  it('are all in package.nls.json, and no others are', () => {
    const keys = [...manifest.matchAll(/"%([^"%]+)%"/g)].map(([, key = '']) => key);
    assert.deepEqual([...new Set(keys)].sort(), Object.keys(texts).sort());
    assert.deepEqual(
      Object.keys(texts).filter((key) => texts[key]?.trim() === ''),
      [],
    );
  });

  it('stand nowhere else', () => {
    const { contributes, description } = v.parse(
      v.object({ contributes: v.record(v.string(), v.unknown()), description: v.string() }),
      JSON.parse(manifest),
    );
    // What models read is the same in every language.
    const { languageModelTools, ...others } = contributes;
    const forModels = new Set(['name', 'description']);
    const ofTools = strings(languageModelTools).filter(([property]) => !forModels.has(property));
    const plain = [...strings(others), ...ofTools, ['description', description] as const].filter(
      ([property, text]) => TEXT_PROPERTIES.has(property) && text !== PRODUCT_NAME && !/^%[\w.-]+%$/.test(text),
    );
    assert.deepEqual(plain, []);
  });
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { projectRoot } from '../../support/project';

const folder = join(projectRoot, 'test');
const faults = Object.keys(JSON.parse(readFileSync(join(folder, 'faults.json'), 'utf8')) as object);
const tested = new Set(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/ \(([A-G]\d+)\)['`]/g)])
    .map(([, number = '']) => number),
);

describe('the list of faults', () => {
  it('has a test for each of them', () => {
    assert.deepEqual(
      faults.filter((number) => !tested.has(number)),
      [],
    );
  });

  it('names every number in a title', () => {
    assert.deepEqual(
      [...tested].filter((number) => !faults.includes(number)),
      [],
    );
  });
});

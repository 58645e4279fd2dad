import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { projectRoot } from '../../support/project';
import { declarationsIn } from './declarations';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

describe('SECURITY.md', () => {
  it('names for each claim a file and what in it holds the claim', () => {
    const missing: string[] = [];
    let count = 0;
    for (const [, evidence = ''] of read('SECURITY.md').matchAll(/\(((?:[^()]|\(\))*)\)/g)) {
      let file: string | undefined;
      for (const [, word = ''] of evidence.matchAll(/`([^`]+)`/g)) {
        if (/^(src|media)\//.test(word)) file = word;
        else if (file !== undefined && ++count > 0 && !declarationsIn(file, read(file)).has(word))
          missing.push(`${file} ${word}`);
      }
    }
    assert.deepEqual(missing, []);
    assert.ok(count > 30);
  });
});

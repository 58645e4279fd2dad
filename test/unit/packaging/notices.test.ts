import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import * as v from 'valibot';
import { projectRoot } from '../../support/project';

const run = promisify(execFile);
const packageSchema = v.object({ name: v.string(), version: v.string() });

describe('the notices about software of others', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-notices-'));
  });
  after(async () => await rm(folder, { recursive: true }));

  const write = async (files: Record<string, string>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  };
  const makeNotices = async (...parameters: string[]): Promise<string> => {
    const target = join(folder, 'notices');
    await run(process.execPath, [join(projectRoot, 'scripts/notices.mjs'), target, ...parameters]);
    return await readFile(target, 'utf8');
  };

  it('have every package in the bundles, and what the database is compiled from', async () => {
    const inputs = v.parse(
      v.array(v.string()),
      JSON.parse(await readFile(join(projectRoot, 'dist/inputs.json'), 'utf8')),
    );
    const text = await makeNotices();
    const folders = new Set(inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
    assert.ok(folders.size > 10);
    for (const each of folders) {
      const json: unknown = JSON.parse(await readFile(join(projectRoot, each, 'package.json'), 'utf8'));
      const { name, version } = v.parse(packageSchema, json);
      assert.ok(text.includes(`\n${name} ${version} (`), each);
    }
    for (const name of ['SQLite', 'Emscripten', 'musl', 'sql.js']) assert.ok(text.includes(`\n${name} `), name);
    assert.match(text, /Permission is hereby granted, free of charge/);
    assert.match(text, /Redistribution and use in source and binary forms/);
  });

  it('have nested packages, and fail for one without a license text', async () => {
    const inner = 'node_modules/outer/node_modules/@inner/one';
    const inputs = ['src/a.ts', 'node_modules/outer/index.js', `${inner}/dist/x.js`];
    await write({
      'inputs.json': JSON.stringify(inputs),
      'node_modules/outer/package.json': '{"name":"outer","version":"1.0.0","license":"MIT"}',
      'node_modules/outer/LICENCE.md': 'The outer license',
      [`${inner}/package.json`]: '{"name":"@inner/one","version":"2.0.0","license":"ISC"}',
    });
    await assert.rejects(makeNotices(join(folder, 'inputs.json')), /@inner\/one 2\.0\.0 is in the bundles/);
    await write({ [`${inner}/NOTICE.txt`]: 'The inner notice' });
    const text = await makeNotices(join(folder, 'inputs.json'));
    assert.match(text, /\nouter 1\.0\.0 \(MIT\)\n=+\n\nThe outer license\n/);
    assert.match(text, /\n@inner\/one 2\.0\.0 \(ISC\)\n=+\n\nThe inner notice\n/);
  });

  it('are packed', async () => {
    const packed = (await readFile(join(projectRoot, '.vscodeignore'), 'utf8')).split('\n');
    assert.ok(packed.includes('!THIRD-PARTY-NOTICES'));
  });
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { projectRoot } from '../../support/project';
import { SupervisorFixture } from './supervisorFixture';

describe('the example in docs/api.md', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('runs as documented', async () => {
    const example = /```js\n(.*?)```/s.exec(await readFile(join(projectRoot, 'docs/api.md'), 'utf8'))?.[1];
    assert.ok(example);
    const result: unknown = await runInNewContext(`(async () => {${example}})()`, {
      corral: fixture.window(),
      repository: fixture.repository.path,
    });
    const { outcome, kinds } = v.parse(v.object({ outcome: v.string(), kinds: v.array(v.string()) }), result);
    assert.equal(outcome, 'completed');
    assert.equal(kinds[0], 'run.started');
    assert.equal(kinds.at(-1), 'run.exited');
    assert.ok(kinds.includes('permission.answer'));
  });
});

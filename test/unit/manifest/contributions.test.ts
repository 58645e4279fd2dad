import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import * as v from 'valibot';
import { COMMANDS, PROCESSES_VIEW, SESSIONS_VIEW, SETTINGS } from '../../../src/views/text/contributions';
import { projectRoot } from '../../support/project';

const manifestSchema = v.object({
  contributes: v.object({
    commands: v.array(v.object({ command: v.string(), category: v.literal('Corral') })),
    views: v.record(v.string(), v.array(v.object({ id: v.string() }))),
    menus: v.record(v.string(), v.array(v.object({ command: v.string(), when: v.string() }))),
    configuration: v.object({ properties: v.record(v.string(), v.unknown()) }),
  }),
});

describe('names', () => {
  let contributes: v.InferOutput<typeof manifestSchema>['contributes'];
  before(async () => {
    contributes = v.parse(
      manifestSchema,
      JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')),
    ).contributes;
  });

  it('are the same commands in package.json', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), Object.values(COMMANDS).sort());
  });

  it('are the same settings in package.json', () => {
    const settings: string[] = Object.values(SETTINGS);
    assert.deepEqual(
      Object.keys(contributes.configuration.properties).sort(),
      settings.map((name) => `corral.${name}`).sort(),
    );
  });

  it('are the same views in package.json', () => {
    assert.deepEqual(Object.values(contributes.views).flat(), [{ id: SESSIONS_VIEW }, { id: PROCESSES_VIEW }]);
  });

  it('are known to every menu', () => {
    const known = new Set<string>(Object.values(COMMANDS));
    for (const { command } of Object.values(contributes.menus).flat()) assert.ok(known.has(command), command);
  });
});

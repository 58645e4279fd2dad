import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import {
  COMMANDS,
  COMPOSER_VIEW,
  PROCESSES_CONTEXT,
  PROCESSES_VIEW,
  READY_CONTEXT,
  SEARCH_CONTEXT,
  SEARCH_RESULTS_VIEW,
  SESSIONS_VIEW,
  SETTINGS,
  TIMELINE_VIEW_TYPE,
} from '../../../src/views/text/contributions';
import type { Contributions } from './manifest';
import { readContributions } from './manifest';

describe('what package.json contributes', () => {
  let contributes: Contributions;
  before(async () => {
    contributes = await readContributions();
  });

  it('are the commands that the code knows', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), Object.values(COMMANDS).sort());
  });

  it('are the settings that the code knows', () => {
    assert.deepEqual(
      Object.keys(contributes.configuration.properties).sort(),
      Object.values(SETTINGS)
        .map((name) => `corral.${name}`)
        .sort(),
    );
  });

  it('are settings by which a workspace names no program but those that need consent (B6)', () => {
    const ofWorkspaces = Object.entries(contributes.configuration.properties)
      .filter(([, { scope, type }]) => scope !== 'machine' && (type === 'array' || type === 'object'))
      .map(([name]) => name);
    assert.deepEqual(ofWorkspaces.sort(), [
      'corral.worktrees.include',
      'corral.worktrees.link',
      'corral.worktrees.setupCommand',
      'corral.worktrees.teardownCommand',
    ]);
    for (const name of [SETTINGS.agents, SETTINGS.runnerNode])
      assert.equal(contributes.configuration.properties[`corral.${name}`]?.scope, 'machine', name);
  });

  it('are the editor of timelines, for no file of the disk', () => {
    assert.deepEqual(
      contributes.customEditors.map(({ viewType, selector }) => [viewType, ...selector]),
      [[TIMELINE_VIEW_TYPE, { filenamePattern: 'corral-session:/**' }]],
    );
  });

  it('are the views that the code knows, shown by context keys that it sets', () => {
    assert.deepEqual(Object.values(contributes.views).flat(), [
      { id: SESSIONS_VIEW },
      { id: COMPOSER_VIEW, when: 'workspaceFolderCount != 0 && isWorkspaceTrusted' },
      { id: SEARCH_RESULTS_VIEW, when: SEARCH_CONTEXT },
      { id: PROCESSES_VIEW, when: PROCESSES_CONTEXT },
    ]);
    assert.deepEqual(
      contributes.viewsWelcome.map(({ view, when }) => ({ view, when })),
      [{ view: SESSIONS_VIEW, when: READY_CONTEXT }],
    );
  });
});

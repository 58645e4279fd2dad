import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import {
  COMMANDS,
  COMPOSER_VIEW,
  HOSTS_CONTEXT,
  HOSTS_VIEW,
  MOMENT_CONTEXT,
  MOMENT_VIEW,
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
import { readContributions, settingsOf } from './manifest';

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
      Object.keys(settingsOf(contributes)).sort(),
      Object.values(SETTINGS)
        .map((name) => `corral.${name}`)
        .sort(),
    );
  });

  it('are settings by which a workspace names no program but those that need consent (B6)', () => {
    const ofWorkspaces = Object.entries(settingsOf(contributes))
      .filter(([name]) => name !== 'corral.notifications') // of three words for each kind
      .filter(
        ([, { scope, type }]) =>
          scope !== 'machine' && scope !== 'application' && (type === 'array' || type === 'object'),
      )
      .map(([name]) => name);
    assert.deepEqual(ofWorkspaces.sort(), [
      'corral.worktrees.include',
      'corral.worktrees.link',
      'corral.worktrees.setupCommand',
      'corral.worktrees.teardownCommand',
    ]);
    for (const name of [SETTINGS.agents, SETTINGS.hosts, SETTINGS.runnerNode])
      assert.equal(settingsOf(contributes)[`corral.${name}`]?.scope, 'machine', name);
  });

  it('are settings in titled groups, each with the scope that fits it also in remote windows', () => {
    assert.deepEqual(
      contributes.configuration.map(({ title, order }) => [title, order]),
      ['agents', 'worktrees', 'runs', 'views', 'storage'].map((name, order) => [
        `%configuration.${name}.title%`,
        order,
      ]),
    );
    for (const { properties } of contributes.configuration)
      assert.deepEqual(
        Object.values(properties).map(({ order }) => order),
        Object.keys(properties).map((_name, index) => index),
      );
    const scopes: Record<string, string[]> = {};
    for (const [name, { scope }] of Object.entries(settingsOf(contributes))) (scopes[scope] ??= []).push(name);
    // Programs and folders of one machine: under Remote in a remote window, and never from a workspace.
    assert.deepEqual(scopes['machine'], [
      'corral.agents',
      'corral.permissionMode',
      'corral.mcp.inSessions',
      'corral.hosts',
      'corral.onUsageLimit',
      'corral.runner.node',
      'corral.storage.location',
    ]);
    assert.deepEqual(scopes['machine-overridable'], ['corral.worktrees.location']);
    // A person's own, wherever they work: no workspace may let agents do more.
    assert.deepEqual(scopes['application'], ['corral.budget', 'corral.timeline.detail']);
    assert.deepEqual(Object.keys(scopes).sort(), [
      'application',
      'machine',
      'machine-overridable',
      'resource',
      'window',
    ]);
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
      { id: HOSTS_VIEW, when: HOSTS_CONTEXT },
      { id: SEARCH_RESULTS_VIEW, when: SEARCH_CONTEXT },
      { id: PROCESSES_VIEW, when: PROCESSES_CONTEXT },
      { id: MOMENT_VIEW, when: MOMENT_CONTEXT },
    ]);
    assert.deepEqual(
      contributes.viewsWelcome.map(({ view, when }) => ({ view, when })),
      [{ view: SESSIONS_VIEW, when: READY_CONTEXT }],
    );
  });
});

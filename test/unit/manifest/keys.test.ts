import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import * as v from 'valibot';
import * as contributions from '../../../src/views/text/contributions';
import { projectRoot } from '../../support/project';
import type { Contributions } from './manifest';
import { readContributions } from './manifest';
import { parseWhen } from './whenClause';

/** VS Code's own context keys that clauses of ours ask for. */
const VSCODE_KEYS = new Set([
  'false',
  'view',
  'viewItem',
  'focusedView',
  'listFocus',
  'listMultiSelection',
  'inputFocus',
  'webviewId',
  'webviewSection',
  'activeCustomEditorId',
  'activeEditor',
  'commentController',
  'commentThreadIsEmpty',
  'editorHasSelection',
  'isWorkspaceTrusted',
  'resourceScheme',
  'scmProvider',
  'workspaceFolderCount',
]);
const severalSchema = v.object({
  commands: v.array(v.union([v.string(), v.object({ command: v.string(), args: v.unknown() })])),
});

describe('the keys of package.json', () => {
  let contributes: Contributions;
  before(async () => {
    contributes = await readContributions();
  });

  /** The commands that a key runs, those of `runCommands` one by one. */
  const commandsOf = ({ command, args }: Contributions['keybindings'][number]): string[] =>
    command === 'runCommands'
      ? v.parse(severalSchema, args).commands.map((each) => (typeof each === 'string' ? each : each.command))
      : [command];

  it('run commands that exist', () => {
    const known = new Set([
      ...contributes.commands.map(({ command }) => command),
      contributions.FOCUS_SESSIONS,
      'list.selectAndPreserveFocus',
    ]);
    const named = contributes.keybindings.flatMap(commandsOf);
    assert.ok(named.length > 10);
    assert.deepEqual(
      named.filter((command) => !known.has(command)),
      [],
    );
  });

  it('are chords, but where only the list of sessions has the focus', () => {
    for (const { key, when = '' } of contributes.keybindings)
      assert.ok(/^ctrl\+k alt\+/.test(key) || when.startsWith('focusedView == corral.sessions && listFocus'), key);
  });

  it('are all in the README', async () => {
    const readme = await readFile(join(projectRoot, 'README.md'), 'utf8');
    const named = contributes.keybindings.map(({ key }) =>
      key
        .split(' ')
        .map((part) =>
          part.replaceAll(/(^|\+)(\w)/g, (_all, plus: string, letter: string) => plus + letter.toUpperCase()),
        )
        .join(' '),
    );
    assert.deepEqual(
      named.filter((key) => !readme.includes(`\`${key}\``)),
      [],
    );
  });

  it('and menus and views ask for context keys that VS Code has or the code sets, and for each of those', () => {
    const named: [name: string, value: unknown][] = Object.entries(contributions);
    const ours = named.flatMap(([name, value]) =>
      name.endsWith('_CONTEXT') && typeof value === 'string' ? [value] : [],
    );
    const clauses = [
      ...contributes.keybindings.flatMap(({ when }) => when ?? []),
      ...Object.values(contributes.menus).flatMap((menu) => menu.map(({ when }) => when)),
      ...Object.values(contributes.views).flatMap((views) => views.flatMap(({ when }) => when ?? [])),
      ...contributes.viewsWelcome.map(({ when }) => when),
    ];
    const asked = new Set(clauses.flatMap((clause) => parseWhen(clause).map(({ key }) => key)));
    assert.deepEqual([...asked].filter((key) => !VSCODE_KEYS.has(key)).sort(), ours.toSorted());
  });
});

describe('the walkthrough', () => {
  it('has a picture for each step, ends it with a command or setting that exists, and leads only to such', async () => {
    const { walkthroughs, commands } = await readContributions();
    const ids = new Set(commands.map(({ command }) => command));
    const texts = await readFile(join(projectRoot, 'package.nls.json'), 'utf8');
    for (const [, command = ''] of texts.matchAll(/command:(corral\.\w+)/g)) assert.ok(ids.has(command), command);
    for (const { media, completionEvents } of walkthroughs.flatMap(({ steps }) => steps)) {
      await access(join(projectRoot, media.svg));
      for (const event of completionEvents) {
        const [, kind, name = ''] = /^(onCommand|onSettingChanged):(.+)$/.exec(event) ?? [];
        assert.ok(kind === 'onCommand' ? ids.has(name) : name === `corral.${contributions.SETTINGS.agents}`, event);
      }
    }
  });
});

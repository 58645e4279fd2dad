import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { RunProcess } from '../../../src/supervisor/runs/runProcesses';
import { contextValue } from '../../../src/views/sessions/rowFlags';
import { sessionRow } from '../../../src/views/sessions/sessionRow';
import {
  ACTIVE_SESSION_CONTEXT,
  PROCESSES_VIEW,
  SESSIONS_VIEW,
  TIMELINE_VIEW_TYPE,
} from '../../../src/views/text/contributions';
import { NOW_MS, SITUATIONS } from '../views/sessions/situations';
import type { Contributions } from './manifest';
import { readContributions } from './manifest';
import type { Context } from './whenClause';
import { parseWhen } from './whenClause';

const PROCESS_ROLES: RunProcess['role'][] = ['runner', 'agent', 'tool', 'stray'];
/** The rows that each view has, as `viewItem`. */
const ROWS: Record<string, readonly string[]> = {
  [SESSIONS_VIEW]: [
    contextValue(['repository']),
    contextValue(['group']),
    ...SITUATIONS.map(({ session }) => sessionRow(session, NOW_MS).contextValue),
  ],
  [PROCESSES_VIEW]: PROCESS_ROLES.map((role) => contextValue([role])),
};

/** Editors with a session in them, and the flags of that session. */
const editorsWith = (contexts: readonly Context[]): Context[] =>
  contexts.flatMap((context) =>
    SITUATIONS.map(({ session }) => ({
      ...context,
      [ACTIVE_SESSION_CONTEXT]: sessionRow(session, NOW_MS).contextValue,
    })),
  );

/** Every place where VS Code asks for the entries of a menu. */
const PLACES: Record<string, readonly Context[]> = {
  'view/title': Object.keys(ROWS).map((view) => ({ view })),
  'view/item/context': Object.entries(ROWS).flatMap(([view, rows]) => rows.map((viewItem) => ({ view, viewItem }))),
  'editor/title': editorsWith([{ activeCustomEditorId: TIMELINE_VIEW_TYPE }, { activeEditor: 'multiDiffEditor' }]),
  'webview/context': editorsWith([{ webviewId: TIMELINE_VIEW_TYPE }]),
  'comments/commentThread/context': [{ commentController: 'corral.review' }],
  'comments/commentThread/title': [true, false].map((commentThreadIsEmpty) => ({
    commentController: 'corral.review',
    commentThreadIsEmpty,
  })),
};
const PALETTE = 'commandPalette';
describe('the menus of package.json', () => {
  let menus: Contributions['menus'];
  let commands: string[];
  before(async () => {
    const contributions = await readContributions();
    menus = contributions.menus;
    commands = contributions.commands.map(({ command }) => command);
  });

  const entries = (): { menu: string; command: string; when: string }[] =>
    Object.entries(menus)
      .filter(([menu]) => menu !== PALETTE)
      .flatMap(([menu, each]) => each.map(({ command, when }) => ({ menu, command, when })));
  const isSomewhere = ({ menu, when }: { menu: string; when: string }): boolean => {
    const conditions = parseWhen(when);
    return (PLACES[menu] ?? []).some((context) => conditions.every(({ holds }) => holds(context)));
  };

  it('name commands that exist', () => {
    const known = new Set(commands);
    const unknown = Object.values(menus).flatMap((each) => each.filter(({ command }) => !known.has(command)));
    assert.deepEqual(unknown, []);
  });

  it('show each of their entries somewhere', () => {
    assert.deepEqual(
      entries().filter((entry) => !isSomewhere(entry)),
      [],
    );
  });

  it('ask only for flags that some row has', () => {
    const known = new Set(Object.values(ROWS).flatMap((rows) => rows.flatMap((row) => row.split(';'))));
    const asked = entries().flatMap(({ when }) => parseWhen(when).flatMap(({ flags }) => flags));
    assert.ok(asked.length > 20);
    assert.deepEqual(
      asked.filter((flag) => !known.has(flag)),
      [],
    );
  });

  it('use every flag that rows have', () => {
    const asked = new Set(entries().flatMap(({ when }) => parseWhen(when).flatMap(({ flags }) => flags)));
    const unused = SITUATIONS.flatMap(({ session }) => sessionRow(session, NOW_MS).contextValue.split(';')).filter(
      (flag) => flag !== '' && !asked.has(flag),
    );
    assert.deepEqual([...new Set(unused)], []);
  });

  it('or the palette reach every command', () => {
    const hidden = new Set((menus[PALETTE] ?? []).filter(({ when }) => when === 'false').map(({ command }) => command));
    const shown = new Set(entries().map(({ command }) => command));
    const unreachable = commands.filter((command) => hidden.has(command) && !shown.has(command));
    assert.deepEqual(unreachable, []);
  });
});

describe('a when clause', () => {
  it('holds where all of its conditions do', () => {
    const holds = (clause: string, context: Context): boolean => parseWhen(clause).every((each) => each.holds(context));
    assert.ok(
      holds('view == corral.sessions && viewItem =~ /;busy;/', { view: 'corral.sessions', viewItem: ';busy;' }),
    );
    assert.ok(!holds('view == a && viewItem =~ /;busy;/', { view: 'a', viewItem: ';notbusy;' }));
    assert.ok(holds('viewItem =~ /;a;|;b;/', { viewItem: ';c;b;' }));
    assert.ok(!holds('!a', { a: true }));
    assert.ok(!holds('false', {}));
    assert.deepEqual(
      parseWhen('viewItem =~ /;a;|;b;/ && viewItem == ;c;').flatMap(({ flags }) => flags),
      ['a', 'b', 'c'],
    );
    assert.throws(() => parseWhen('a || b'), /Not a condition/);
  });
});

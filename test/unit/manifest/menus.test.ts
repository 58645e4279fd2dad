import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { RunProcess } from '../../../src/supervisor/runs/runProcesses';
import type { HostSummary } from '../../../src/supervisor/api';
import { hostRow } from '../../../src/views/hosts/hostRow';
import { contextValue } from '../../../src/views/sessions/rowFlags';
import { sessionRow } from '../../../src/views/sessions/sessionRow';
import { GROUPINGS } from '../../../src/views/sessions/tree/treeOptions';
import {
  ACTIVE_SESSION_CONTEXT,
  COMMANDS,
  FILTERED_CONTEXT,
  GROUPING_CONTEXT,
  ONLY_HERE_CONTEXT,
  COMPOSER_VIEW,
  HOSTS_CONTEXT,
  HOSTS_VIEW,
  PROCESSES_VIEW,
  SEARCH_RESULTS_VIEW,
  SESSIONS_VIEW,
  TIMELINE_VIEW_TYPE,
} from '../../../src/views/text/contributions';
import { NOW_MS, SITUATIONS } from '../views/sessions/situations';
import type { Contributions } from './manifest';
import { readContributions } from './manifest';
import type { Context } from './whenClause';
import { parseWhen } from './whenClause';

const HOSTS: HostSummary[] = [
  { name: 'box', kind: 'ssh', enteredBy: 'ssh', target: 'box' },
  { name: 'dev', kind: 'exec', enteredBy: 'exec', target: 'docker exec -i dev' },
  { name: 'bad', problem: 'wrong' },
];
const PROCESS_ROLES: RunProcess['role'][] = ['runner', 'agent', 'tool', 'stray'];
const MARKS = [
  { isPinned: false, isUnseen: false },
  { isPinned: true, isUnseen: true },
];
/** More is hard to survey; the rest stands in submenus. */
const MAX_ENTRIES = 10;
/** The rows that each view has, as `viewItem`. */
const ROWS: Record<string, readonly string[]> = {
  [SESSIONS_VIEW]: [
    contextValue(['repository']),
    contextValue(['group']),
    ...['section', 'unknown', 'changes', 'run', 'folder'].map((flag) => contextValue([flag])),
    ...SITUATIONS.flatMap(({ session }) => MARKS.map((marks) => sessionRow(session, NOW_MS, marks).contextValue)),
  ],
  [SEARCH_RESULTS_VIEW]: ['event', 'more'].map((flag) => contextValue([flag])),
  [HOSTS_VIEW]: HOSTS.map((host) => contextValue(hostRow(host, 0).flags)),
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
  'view/title': [...Object.keys(ROWS), COMPOSER_VIEW].flatMap((view) =>
    GROUPINGS.flatMap((grouping) =>
      [true, false].map((isOn) => ({
        view,
        [GROUPING_CONTEXT]: grouping,
        [FILTERED_CONTEXT]: isOn,
        [ONLY_HERE_CONTEXT]: isOn,
      })),
    ),
  ),
  'editor/context': [{ editorHasSelection: true, resourceScheme: 'file', isWorkspaceTrusted: true }],
  'explorer/context': [{ resourceScheme: 'file', isWorkspaceTrusted: true }],
  ...Object.fromEntries(
    ['scm/title', 'scm/resourceGroup/context', 'scm/resourceState/context'].map((menu) => [
      menu,
      [{ scmProvider: 'git', isWorkspaceTrusted: true }],
    ]),
  ),
  'view/item/context': Object.entries(ROWS).flatMap(([view, rows]) =>
    rows.map((viewItem) => ({ view, viewItem, [HOSTS_CONTEXT]: true })),
  ),
  'editor/title': editorsWith([{ activeCustomEditorId: TIMELINE_VIEW_TYPE }, { activeEditor: 'multiDiffEditor' }]),
  'webview/context': editorsWith([
    { webviewId: TIMELINE_VIEW_TYPE },
    { webviewId: TIMELINE_VIEW_TYPE, webviewSection: 'event' },
  ]),
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
  let submenus: string[];
  before(async () => {
    const contributions = await readContributions();
    menus = contributions.menus;
    commands = contributions.commands.map(({ command }) => command);
    submenus = contributions.submenus.map(({ id }) => id);
  });

  const entries = (): { menu: string; command?: string; submenu?: string; when: string }[] =>
    Object.entries(menus)
      .filter(([menu]) => menu !== PALETTE)
      .flatMap(([menu, each]) => each.map((entry) => ({ menu, ...entry })));
  const holds = (when: string, context: Context): boolean => parseWhen(when).every((each) => each.holds(context));
  /** Where VS Code asks for a menu; for a submenu, where its entry is shown. */
  const placesOf = (menu: string): readonly Context[] =>
    PLACES[menu] ??
    entries()
      .filter(({ submenu }) => submenu === menu)
      .flatMap((entry) => placesOf(entry.menu).filter((context) => holds(entry.when, context)));
  const isSomewhere = ({ menu, when }: { menu: string; when: string }): boolean =>
    placesOf(menu).some((context) => holds(when, context));

  it('name commands that exist', () => {
    const known = new Set(commands);
    const named = Object.values(menus).flatMap((each) =>
      each.flatMap((entry) => ('command' in entry ? entry.command : [])),
    );
    assert.deepEqual(
      named.filter((command) => !known.has(command)),
      [],
    );
  });

  it('show every submenu, and none that is empty', () => {
    const shown = entries().flatMap(({ submenu }) => submenu ?? []);
    assert.deepEqual([...new Set(shown)].sort(), submenus.toSorted());
    const empty = submenus.flatMap((submenu) =>
      placesOf(submenu).filter((context) => !(menus[submenu] ?? []).some(({ when }) => holds(when, context))),
    );
    assert.deepEqual(empty, []);
  });

  it('have at most ten entries at the top for any row, beside its buttons', () => {
    for (const menu of ['view/item/context', 'view/title'])
      for (const context of placesOf(menu)) {
        const shown = (menus[menu] ?? []).filter(
          ({ when, group = '' }) => !/^(inline|navigation)/.test(group) && holds(when, context),
        );
        assert.ok(shown.length <= MAX_ENTRIES, `${menu}: ${shown.length} for ${JSON.stringify(context)}`);
      }
  });

  it('offer nothing that cannot work for a session in the queue', () => {
    const queued = SITUATIONS.find(({ name }) => name === 'held in the queue');
    assert.ok(queued);
    const context = { view: SESSIONS_VIEW, viewItem: sessionRow(queued.session, NOW_MS).contextValue };
    const offered = entries().flatMap(({ command, when }) => (holds(when, context) ? (command ?? []) : []));
    for (const command of [COMMANDS.applyChanges, COMMANDS.reviewChanges, COMMANDS.sendMessage, COMMANDS.makeBranch])
      assert.ok(!offered.includes(command), command);
    assert.ok(offered.includes(COMMANDS.startNow));
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

  it('or the palette, or a code action reach every command', () => {
    const hidden = new Set(
      (menus[PALETTE] ?? []).flatMap((entry) => (entry.when === 'false' && 'command' in entry ? entry.command : [])),
    );
    const shown = new Set(entries().flatMap(({ command }) => command ?? []));
    const unreachable = commands.filter(
      (command) => hidden.has(command) && !shown.has(command) && command !== COMMANDS.fixProblem,
    );
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
    assert.ok(holds('a && b != c', { a: true, b: 'd' }) && !holds('a', {}) && !holds('b != c', { b: 'c' }));
    assert.ok(!holds('false', {}));
    assert.deepEqual(
      parseWhen('viewItem =~ /;a;|;b;/ && viewItem == ;c;').flatMap(({ flags }) => flags),
      ['a', 'b', 'c'],
    );
    assert.throws(() => parseWhen('a || b'), /Not a condition/);
  });
});

import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { CommandName } from '../../../src/views/text/contributions';
import { COMMANDS } from '../../../src/views/text/contributions';
import type { CommandAction } from './commandActions';
import { readCommandActions } from './commandActions';
import { readContributions } from './manifest';
import { parseWhen } from './whenClause';

/** Commands for which an argument is only a hint; without it they take or ask for something else. */
const WITHOUT_ARGUMENT: Partial<Record<CommandName, string>> = {
  manageWorktrees: 'lists all worktrees',
  moveUpInQueue: 'asks for a waiting session',
  moveDownInQueue: 'asks for a waiting session',
  searchHistory: 'asks for the text',
  goToNextQuestion: 'goes to the next of all',
  newSessionFromFile: 'takes the file in front',
  newSessionFromChanges: 'takes all changes',
};
/** Commands of a row without an argument, since there is one such row. */
const OF_ONE_ROW: CommandName[] = ['showMoreResults'];

describe('the palette', () => {
  let clauses: Map<string, string>;
  let actions: CommandAction[];
  before(async () => {
    const { menus } = await readContributions();
    clauses = new Map(
      (menus['commandPalette'] ?? []).flatMap((entry) => ('command' in entry ? [[entry.command, entry.when]] : [])),
    );
    actions = await readCommandActions();
  });

  const isHidden = (name: CommandName): boolean => clauses.get(COMMANDS[name]) === 'false';
  const usesArgument = (name: CommandName): boolean =>
    actions.some((action) => action.name === name && action.takers.length > 0);
  const asks = (name: CommandName): boolean =>
    actions.some((action) => action.name === name && action.takers.some((taker) => /(^|\.)choose[A-Z]?/.test(taker)));

  it('has the action of every command in the code', () => {
    assert.deepEqual([...new Set(actions.map(({ name }) => name))].sort(), Object.keys(COMMANDS).sort());
  });

  it('offers each command that takes what is in front or asks for it, and no other', () => {
    const names = Object.keys(COMMANDS) as CommandName[];
    const offered = names.filter((name) => !isHidden(name));
    assert.deepEqual(
      offered.filter((name) => usesArgument(name) && !asks(name) && WITHOUT_ARGUMENT[name] === undefined),
      [],
      'work only with an argument',
    );
    assert.deepEqual(
      names.filter((name) => isHidden(name) && !usesArgument(name) && !OF_ONE_ROW.includes(name)),
      [],
      'work without an argument',
    );
  });

  it('leaves out what would change nothing', () => {
    const holds = (name: CommandName, context: Record<string, string | boolean>): boolean =>
      parseWhen(clauses.get(COMMANDS[name]) ?? '!false').every((each) => each.holds(context));
    const filtered = { 'corral.filtered': true, 'corral.onlyHere': true, 'corral.showsSearchResults': true };
    assert.deepEqual(
      ['clearFilter', 'showEverywhere', 'clearSearchResults', 'showOnlyHere'].map((name) => [
        holds(name as CommandName, {}),
        holds(name as CommandName, filtered),
      ]),
      [
        [false, true],
        [false, true],
        [false, true],
        [true, false],
      ],
    );
    for (const [name, grouping] of [
      ['groupByRepository', 'repository'],
      ['groupByStatus', 'status'],
      ['groupByDay', 'day'],
    ] as const) {
      assert.ok(!holds(name, { 'corral.grouping': grouping }), name);
      assert.ok(holds(name, { 'corral.grouping': 'another' }), name);
    }
    for (const name of ['newSessionFromSelection', 'newSessionFromFile'] as const)
      assert.deepEqual([holds(name, {}), holds(name, { resourceScheme: 'file' })], [false, true]);
  });
});

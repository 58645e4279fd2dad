import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { emptySession } from '../../../../../src/storage/sessionFacts';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import { summarize } from '../../../../../src/supervisor/sessions/summary';
import type { TreeChange } from '../../../../../src/views/sessions/tree/treeModel';
import { TreeModel } from '../../../../../src/views/sessions/tree/treeModel';
import type { TreeOptions } from '../../../../../src/views/sessions/tree/treeOptions';
import { DEFAULT_TREE_OPTIONS } from '../../../../../src/views/sessions/tree/treeOptions';

const NOW_MS = new Date(2026, 2, 10, 12).getTime();
const HOUR_MS = 3_600_000;
const ago = (hours: number): string => new Date(NOW_MS - hours * HOUR_MS).toISOString();

/** A completed session of `/code/shop`, `hours` old. */
function session(id: string, hours: number, changes: Partial<SessionSummary> = {}): SessionSummary {
  return {
    ...summarize(emptySession(id), { checking: false }),
    title: id,
    repository: '/code/shop',
    status: 'Completed',
    state: 'completed',
    createdAt: ago(hours),
    lastActivityAt: ago(hours),
    since: ago(hours),
    ...changes,
  };
}
const ASKS: Partial<SessionSummary> = { status: 'Running', state: 'waiting', needsInput: true };

describe('the model of the Sessions tree', () => {
  let pinned: Set<string>;
  let unseen: Set<string>;
  let here: Set<string>;
  let model: TreeModel;
  beforeEach(() => {
    [pinned, unseen, here] = [new Set(), new Set(), new Set()];
    model = new TreeModel({
      isHere: (repository) => here.has(repository),
      isPinned: (id) => pinned.has(id),
      isUnseen: ({ id }) => unseen.has(id),
    });
  });

  function finish(steps: Generator<void, TreeChange>): TreeChange {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }
  const take = (...parameters: Parameters<TreeModel['update']>): TreeChange => finish(model.update(...parameters));
  const look = (): TreeChange => finish(model.refresh(NOW_MS));

  /** The rows as text, those below others in brackets. */
  function rows(): string {
    const text = (node: ReturnType<TreeModel['roots']>[number]): string => {
      switch (node.kind) {
        case 'session':
          return node.id;
        case 'group':
          return `${node.group}[${model
            .membersOf(node)
            .map(({ id }) => id)
            .join(' ')}]`;
        case 'repository':
          return `${node.path}[${model.children(node.path).map(text).join(' ')}]`;
        case 'section':
          return `${node.key}[${model.children(node.key).map(text).join(' ')}]`;
      }
    };
    return model.roots().map(text).join(' ');
  }
  const choose = (options: Partial<TreeOptions>): unknown => {
    model.options = { ...DEFAULT_TREE_OPTIONS, ...options };
    return look();
  };

  it('paints a session again where another one looks different that has a row below it', () => {
    const child = session('child', 1, { startedBy: { sessionId: 'parent' } });
    take([session('parent', 3), session('other', 2), session('far', 2, { repository: '/code/far' })], [], NOW_MS);
    const idsOf = (change: TreeChange): string[] => (change === 'all' ? ['all'] : change.ids.sort());
    const refresh = (...changed: SessionSummary[]): string[] => idsOf(take(changed, [], NOW_MS));
    assert.deepEqual(refresh(child), ['parent']);
    assert.deepEqual(refresh({ ...child, changes: { files: 1, addedLines: 1, removedLines: 0 } }), ['child']);
    assert.deepEqual(refresh(session('parent', 3, { title: 'Renamed' })), ['child', 'parent']);
    assert.deepEqual(refresh(session('other', 2, { dependsOn: ['parent'] })), ['parent']);
    assert.deepEqual(idsOf(take([], ['child'], NOW_MS)), ['parent']);
  });

  it('has who needs a person first, then the newest, and pinned sessions above all', () => {
    take([session('old', 9), session('new', 1), session('asks', 5, ASKS)], [], NOW_MS);
    assert.equal(rows(), 'asks new old');
    pinned.add('old');
    assert.equal(look(), 'all');
    assert.equal(rows(), 'old asks new');
  });

  it('has the sessions of several repositories under them, this window’s first', () => {
    here.add('/code/site');
    const change = take([session('a', 1), session('b', 2, { repository: '/code/site' })], [], NOW_MS);
    assert.equal(change, 'all');
    assert.equal(rows(), '/code/site[b] /code/shop[a]');
    assert.equal(model.parentOf('a'), model.sectionNode('/code/shop'));
    pinned.add('a');
    look();
    assert.equal(rows(), 'pinned[a] /code/site[b]');
  });

  it('knows where a row stands in all of the list', () => {
    const others = { repository: '/code/api' };
    take([session('asks', 5, ASKS), session('new', 1), session('other', 2, { ...others, ...ASKS })], [], NOW_MS);
    here.add('/code/shop');
    look();
    assert.equal(rows(), '/code/shop[asks new] /code/api[other]');
    assert.deepEqual([model.placeOf('asks'), model.placeOf('other')], [0, 2]);
    take([], ['new'], NOW_MS);
    assert.equal(model.placeOf('other'), 1);
  });

  it('has compared sessions in one row, while there are several', () => {
    take([session('a', 1, { group: 'g' }), session('b', 2, { group: 'g' }), session('c', 1.5)], [], NOW_MS);
    assert.equal(rows(), 'g[a b] c');
    assert.equal(model.parentOf('b')?.kind, 'group');
    take([], ['a'], NOW_MS);
    assert.equal(rows(), 'c b');
  });

  it('is grouped by status or day', () => {
    take(
      [
        session('done', 1),
        session('asks', 2, ASKS),
        session('stopped', 20, { status: 'Failed', state: 'stopped' }),
        session('queued', 50, { status: 'Starting', state: 'queued', queuePosition: 1 }),
        session('failed', 24 * 90, { status: 'Failed', state: 'failed' }),
      ],
      [],
      NOW_MS,
    );
    choose({ grouping: 'status' });
    assert.equal(rows(), 'needsYou[asks] waiting[queued] completed[done] failed[failed] stopped[stopped]');
    choose({ grouping: 'day' });
    assert.equal(rows(), '0 today[asks done] 1 yesterday[stopped] 2 week[queued] 4 older[failed]');
  });

  it('leaves out what the filter does not want', () => {
    here.add('/code/site');
    take(
      [
        session('a', 1, { prompt: 'Add a Basket' }),
        session('b', 2, { status: 'Failed', state: 'failed', prompt: 'basket again' }),
        session('c', 3, { repository: '/code/site' }),
      ],
      [],
      NOW_MS,
    );
    choose({ text: 'BASKET' });
    assert.equal(rows(), 'a b');
    choose({ text: 'basket', situations: ['failed'] });
    assert.equal(rows(), 'b');
    assert.equal(model.isListed('a'), false);
    choose({ onlyHere: true });
    assert.equal(rows(), 'c');
    assert.deepEqual([model.shownCount, model.count], [1, 3]);
  });

  it('tells of no more than the rows that look different', () => {
    const others = Array.from({ length: 2_000 }, (_none, index) => session(`s${String(index)}`, 100 + index));
    take([session('a', 1), ...others], [], NOW_MS);
    rows();
    const changes = { files: 1, addedLines: 3, removedLines: 0 };
    assert.deepEqual(take([session('a', 1)], [], NOW_MS), { sections: [], ids: [] });
    assert.deepEqual(take([session('a', 1, { changes })], [], NOW_MS), { sections: [], ids: ['a'] });
    unseen.add('s7');
    assert.deepEqual(look(), { sections: [], ids: ['s7'] });
    assert.equal(model.row('s7')?.isUnseen, true);
    choose({ grouping: 'status' });
    const failed = take([session('a', 1, { status: 'Failed', state: 'failed' })], [], NOW_MS);
    assert.equal(failed, 'all', 'there is a new section');
    assert.deepEqual(take([session('s1', 101, { status: 'Failed', state: 'failed' })], [], NOW_MS), {
      sections: ['completed', 'failed'],
      ids: [],
    });
  });

  it('forgets sessions that were deleted, archived or erased', () => {
    take([session('a', 1), session('b', 2), session('c', 3)], [], NOW_MS);
    take([session('a', 1, { deleted: true }), session('b', 2, { archived: true })], ['c'], NOW_MS);
    assert.equal(rows(), '');
    assert.equal(model.count, 0);
  });
});

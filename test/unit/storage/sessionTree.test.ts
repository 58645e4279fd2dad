import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ancestorsOf, descendantsOf } from '../../../src/storage/sessionTree';

const STARTED: readonly [id: string, parent?: string][] = [
  ['root'],
  ['one', 'root'],
  ['two', 'root'],
  ['below', 'one'],
  ['orphan', 'erased'],
  ['here', 'there'],
  ['there', 'here'],
];
const sessions = STARTED.map(([id, sessionId]) => ({
  id,
  startedBy: sessionId === undefined ? undefined : { sessionId },
}));

describe('a tree of sessions that agents started', () => {
  it('is found from each of its sessions, also where one is erased or records point in a circle', () => {
    const above = (of: string): string[] => ancestorsOf(of, (id) => sessions.find((each) => each.id === id)?.startedBy);
    assert.deepEqual(above('root'), []);
    assert.deepEqual(above('below'), ['one', 'root']);
    assert.deepEqual(above('orphan'), ['erased']);
    assert.deepEqual(above('here'), ['there']);
    assert.deepEqual([...descendantsOf('root', sessions)], ['root', 'one', 'two', 'below']);
    assert.deepEqual([...descendantsOf('erased', sessions)], ['erased', 'orphan']);
    assert.deepEqual([...descendantsOf('here', sessions)], ['here', 'there']);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Asides } from '../../../../../media/timeline/model/asides';
import type { Aside } from '../../../../../src/protocol/timelineProtocol';

const at = (second: number): string => `2026-03-01T08:00:0${second}.000Z`;
const aside = (id: string, change: Partial<Aside>): Aside => ({
  id,
  agent: 'claude',
  question: 'Why?',
  answer: '',
  state: 'answered',
  askedAt: at(1),
  ...change,
});

describe('questions beside the work', () => {
  const asides = new Asides({
    ask: () => Promise.resolve(undefined),
    changed: () => undefined,
    session: () => undefined,
    show: () => undefined,
  });
  const idsBetween = (from?: string, to?: string): string[] => asides.between(from, to).map(({ id }) => id);

  it('stand below the event before their end, and the one that is being answered below the last', () => {
    asides.set([
      aside('answering', { state: 'answering' }),
      aside('late', { endedAt: at(5) }),
      aside('early', { endedAt: at(2) }),
    ]);
    assert.deepEqual(idsBetween(undefined, at(2)), []);
    assert.deepEqual(idsBetween(at(2), at(5)), ['early']);
    assert.deepEqual(idsBetween(at(5), at(6)), ['late']);
    assert.deepEqual(idsBetween(at(5)), ['late', 'answering']);
    assert.deepEqual(idsBetween(), ['early', 'late', 'answering']);
  });

  it('are found by a search', () => {
    assert.equal(asides.showIfAside('late'), true);
    assert.equal(asides.marked, 'late');
    assert.equal(asides.showIfAside('a run'), false);
  });
});

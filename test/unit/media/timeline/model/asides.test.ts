import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Asides } from '../../../../../media/timeline/model/asides';
import { Playlist } from '../../../../../media/timeline/model/playlist';
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
  const run = { runId: 'aaaaaaaaaaaa', ordinal: 1, state: 'completed', turnsBefore: 0, eventCount: 9 } as const;
  const session = { runs: [{ ...run, firstMs: Date.parse(at(0)), lastMs: Date.parse(at(8)) }] };
  let placed = (): void => undefined;
  const asides = new Asides({
    cancel: () => Promise.resolve(),
    placeAt: ({ runId, timeMs }) => Promise.resolve({ runId, seq: new Date(timeMs).getUTCSeconds() + 1 }),
    changed: () => placed(),
    session: () => session,
    show: () => undefined,
    playlist: () => new Playlist(session.runs),
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

  it('are found by their text once it is known below which event they stand', async () => {
    asides.set([
      aside('late', { endedAt: at(5), answer: 'Because of the Zebra' }),
      aside('early', { endedAt: at(2), question: 'Which zebra?' }),
      aside('other', { endedAt: at(3) }),
    ]);
    assert.deepEqual(asides.withText('ZEBRA'), []);
    await new Promise<void>((fulfil) => {
      placed = () => {
        if (asides.withText('zebra').length === 2) fulfil();
      };
    });
    assert.deepEqual(asides.withText('zebra'), [
      { id: 'early', row: 2 },
      { id: 'late', row: 5 },
    ]);
  });

  it('are found by a search', () => {
    assert.equal(asides.showIfAside('late'), true);
    assert.equal(asides.marked, 'late');
    assert.equal(asides.showIfAside('a run'), false);
  });
});

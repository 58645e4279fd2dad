import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { emptySession } from '../../../../src/storage/sessionFacts';
import { summarize } from '../../../../src/supervisor/sessions/summary';
import { sessionRow } from '../../../../src/views/sessions/sessionRow';

describe('a session’s row', () => {
  const since = '2026-01-05T09:00:00.000Z';
  const nowMs = Date.parse(since) + 5 * 60_000;
  const facts = {
    ...emptySession('aaaaaaaaaaaa'),
    title: 'A title',
    agent: 'claude',
    createdAt: since,
    lastActivityAt: since,
  };

  it('says that the session waits for room on the disk, why, and since when', () => {
    const session = summarize(facts, {
      checking: false,
      paused: { reason: 'ENOSPC: no space left on device, write', since },
    });
    const row = sessionRow(session, nowMs);
    assert.equal(row.description, 'waits: the disk is full · 5 min');
    assert.equal(row.status, 'Starting · waits: the disk is full · 5 min');
    assert.equal(row.icon, 'warning');
    const [[name, note] = ['', '']] = row.notes;
    assert.equal(name, 'Waits');
    assert.match(note, /^since .+ENOSPC: no space left on device, write\. Nothing is lost\.$/);
    const other = sessionRow(
      summarize(facts, { checking: false, paused: { reason: 'EIO: i/o error, fdatasync', since } }),
      nowMs,
    );
    assert.equal(other.description, 'waits: nothing can be written · 5 min');
  });

  it('says how many records are damaged', () => {
    const row = sessionRow(summarize({ ...facts, damagedRecords: 2 }, { checking: false }), nowMs);
    assert.match(row.description, / · 2 damaged records · 5 min$/);
    assert.match(row.accessibleLabel, /, 2 damaged records$/);
    assert.match(row.notes[0]?.[1] ?? '', /^2 damaged records: left out/);
    assert.deepEqual(sessionRow(summarize(facts, { checking: false }), nowMs).notes, []);
  });
});

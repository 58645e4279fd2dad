import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { runnerLineSchema } from '../../../../src/supervisor/runnerProtocol/protocol';

describe('a runner’s pause', () => {
  const since = '2026-03-01T08:00:00.000Z';

  /** What a window makes of a runner's line. */
  function received(pause: unknown): unknown {
    return v.parse(runnerLineSchema, { method: 'pause', params: { pause } });
  }

  for (const [pause, cause] of [
    [{ reason: 'EIO: i/o error, write', since, cause: 'diskFull' }, 'diskFull'],
    [{ reason: 'ENOSPC: no space left on device, write', since, cause: 'notWritable' }, 'notWritable'],
    [{ reason: 'EIO: i/o error, write', since, cause: 'of a newer version' }, 'notWritable'],
    // Older runners send no cause.
    [{ reason: 'ENOSPC: no space left on device, write', since }, 'diskFull'],
    [{ reason: 'EDQUOT: disk quota exceeded, write', since }, 'diskFull'],
    [{ reason: 'EIO: i/o error, fdatasync', since }, 'notWritable'],
  ] as const)
    it(`is ${cause} where it is sent as ${JSON.stringify(pause)}`, () => {
      const { reason } = pause;
      assert.deepEqual(received(pause), { method: 'pause', params: { pause: { reason, since, cause } } });
    });

  it('is over where null is sent', () => {
    assert.deepEqual(received(null), { method: 'pause', params: { pause: null } });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EndRequest } from '../../../../src/supervisor/runner/runEnd';
import type { RunPhase } from '../../../../src/supervisor/runner/runPhase';
import { acceptsEnd, endRequestOf } from '../../../../src/supervisor/runner/runPhase';

/** A phase, who asked for its end, and which requests change it. */
const TABLE: [RunPhase, EndRequest | undefined, EndRequest[]][] = [
  [{ name: 'active' }, undefined, ['stop', 'kill', 'shutdown']],
  [{ name: 'ending', cause: 'idle' }, undefined, ['stop', 'kill', 'shutdown']],
  [{ name: 'ending', cause: 'stop' }, 'stop', ['kill']],
  [{ name: 'ending', cause: 'shutdown' }, 'shutdown', ['kill']],
  [{ name: 'ending', cause: 'kill' }, 'kill', []],
  [{ name: 'over' }, undefined, []],
];

describe('the phase of a run', () => {
  for (const [phase, request, accepted] of TABLE)
    it(`${phase.name}${phase.name === 'ending' ? ` for ${phase.cause}` : ''} heeds ${accepted.join(', ') || 'no request'}`, () => {
      assert.equal(endRequestOf(phase), request);
      const requests = ['stop', 'kill', 'shutdown'] as const;
      assert.deepEqual(
        requests.filter((each) => acceptsEnd(phase, each)),
        accepted,
      );
    });
});

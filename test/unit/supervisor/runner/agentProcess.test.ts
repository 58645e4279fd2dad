import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'mocha';
import { AgentProcess } from '../../../../src/supervisor/runner/agentProcess';

describe('an agent’s output', () => {
  it('is read to its end also where the agent has ended before, and the machine stands still right after', async () => {
    const agent = await AgentProcess.spawn(
      [process.execPath, '-e', 'console.log("out"); console.error("err")'],
      tmpdir(),
      process.env,
    );
    await agent.exited;
    const chunks: string[] = [];
    const reading = agent.readOutput((stream, chunk) => {
      chunks.push(`${stream} ${chunk.toString('utf8')}`);
      return Promise.resolve();
    });
    await Promise.resolve();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
    await reading;
    assert.deepEqual(chunks.toSorted(), ['stderr err\n', 'stdout out\n']);
  });
});

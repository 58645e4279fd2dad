import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseAgentSettings, resolveAgent } from '../../../../src/supervisor/agents/agentRegistry';
import { driverFor } from '../../../../src/supervisor/agents/drivers';

/** Agent and driver → the words that go on with the native session `n1` in a terminal. */
const WORDS: [agent: string, driver: string | undefined, words: string[] | undefined][] = [
  ['claude', undefined, ['--mine', '--resume=n1']],
  ['codex', undefined, ['--mine', 'resume', 'n1']],
  ['opencode', undefined, ['--mine', '--session=n1']],
  ['goose', undefined, ['--mine', 'session', '--resume', '--session-id', 'n1', '--history']],
  // It cannot take up what it did by the protocol.
  ['gemini', undefined, undefined],
  ['gemini', 'stream', ['--mine', '--resume=n1']],
  ['codex', 'stream', ['--mine', 'resume', 'n1']],
  ['opencode', 'stream', ['--mine', '--session=n1']],
  ['goose', 'stream', ['--mine', 'session', '--resume', '--name', 'n1', '--history']],
  ['other', 'acp', undefined],
  ['other', 'command', undefined],
];

describe('agents at a terminal', () => {
  for (const [name, driver, words] of WORDS) {
    it(`${words === undefined ? 'do not go on' : 'go on'}: ${name}${driver === undefined ? '' : ` with the driver ${driver}`}`, async () => {
      // The name of this very Node stands for the agent's program, whose script is named like it.
      const script = `/opt/${name}.js`;
      const setting = { path: process.execPath, args: [script, '--mine'], ...(driver === undefined ? {} : { driver }) };
      const agent = await resolveAgent(name, { agents: parseAgentSettings({ [name]: setting }), bundles: '/dist' });
      const answer = (await driverFor(agent.driver)).terminalArguments?.({ ...agent, nativeSessionId: 'n1' });
      assert.deepEqual(answer, words === undefined ? undefined : [script, ...words]);
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { AgentExit } from '../../../../../src/supervisor/agents/driver/driver';
import type { TurnEnd } from '../../../../../src/supervisor/agents/driver/turns';
import { endedEarly, INTERRUPTED, Turns } from '../../../../../src/supervisor/agents/driver/turns';
import { RecordingHost } from '../../../../support/agents/agentHarness';

const EXIT: AgentExit = { exitCode: 0, signal: null, asked: undefined, stderrTail: '' };
const SUCCESS: TurnEnd = { stopReason: 'end_turn', failed: false };
const FAILURE: TurnEnd = { stopReason: 'error', failed: true, message: 'No\ncredit' };

/** The end of a run whose turns ended like this, and whose process like that. */
function endingOf(turnEnds: readonly TurnEnd[], exit: Partial<AgentExit>): string {
  const turns = new Turns(new RecordingHost());
  for (const end of turnEnds) turns.end(end);
  const { outcome, reason } = turns.close({ ...EXIT, ...exit }, []);
  return `${outcome}: ${reason}`;
}

describe('turns', () => {
  it('are numbered, and their usage is part of their end alone', () => {
    const host = new RecordingHost();
    const turns = new Turns(host);
    turns.begin();
    turns.begin();
    turns.reportUsage({ inputTokens: 3 });
    turns.end(SUCCESS);
    turns.end(FAILURE);
    assert.deepEqual(
      host.events.map(({ kind, data }) => [kind, data]),
      [
        ['turn.started', { turn: 1 }],
        ['usage', { inputTokens: 3 }],
        ['turn.ended', { turn: 1, ...SUCCESS, usage: { inputTokens: 3 } }],
        ['turn.started', { turn: 2 }],
        ['turn.ended', { turn: 2, ...FAILURE }],
      ],
    );
  });

  it('decide how the run ended before the exit code does', () => {
    assert.equal(endingOf([FAILURE, SUCCESS], {}), 'completed: Completed');
    assert.equal(endingOf([SUCCESS, FAILURE], {}), 'failed: No credit');
    assert.equal(endingOf([INTERRUPTED], { exitCode: 1 }), 'interrupted: Interrupted');
    assert.equal(endingOf([SUCCESS], { exitCode: 3, stderrTail: 'a\nb\n' }), 'failed: The agent exited with code 3: b');
  });

  it('do not decide where the end was imposed on the agent', () => {
    assert.equal(endingOf([SUCCESS], { asked: 'stop', exitCode: 143 }), 'stopped: Stopped by you');
    assert.equal(endingOf([SUCCESS], { asked: 'kill', signal: 'SIGKILL' }), 'killed: Killed by you');
    assert.equal(endingOf([SUCCESS], { signal: 'SIGKILL' }), 'crashed: Ended by SIGKILL');
    assert.equal(endingOf([], { spawnError: 'ENOENT' }), 'failed: Could not be started: ENOENT');
  });

  it('end with the process, which reports messages that were not delivered', () => {
    const host = new RecordingHost();
    const turns = new Turns(host);
    turns.begin();
    const ending = turns.close(EXIT, [{ text: 'one more thing', attachments: [] }]);
    const reason = 'The agent ended in the middle of a turn: it exited with code 0';
    assert.deepEqual(ending, { outcome: 'failed', reason });
    assert.equal(endedEarly(ending), true);
    assert.deepEqual(
      host.events.slice(1).map(({ kind, data }) => [kind, data]),
      [
        ['message', { role: 'user', text: 'one more thing' }],
        ['error', { message: 'The agent ended before it took up the last message.', code: 'not_delivered' }],
        ['turn.ended', { turn: 1, stopReason: 'process_ended', failed: true, message: reason }],
      ],
    );
  });

  it('tell a crash by the exit code of a program that handles the signal itself', () => {
    assert.equal(
      endingOf([], { exitCode: 143 }),
      'crashed: The agent ended before its first turn: it exited with code 143',
    );
    assert.equal(endingOf([], { exitCode: 1 }), 'failed: The agent ended before its first turn: it exited with code 1');
  });
});

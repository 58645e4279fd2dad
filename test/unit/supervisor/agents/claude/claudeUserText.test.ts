import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { claudeDriver } from '../../../../../src/supervisor/agents/claude/claudeDriver';
import { userContentOf } from '../../../../../src/supervisor/agents/claude/claudeUserText';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';

function said(...messages: object[]): { role: string; text: string; pictures: number }[] {
  const host = new RecordingHost();
  const conversation = claudeDriver.createConversation(conversationRequest(), host);
  for (const message of messages) conversation.readLine('stdout', JSON.stringify({ type: 'user', ...message }));
  return host.of('message').map(({ role, text, pictures = [] }) => ({ role, text, pictures: pictures.length }));
}

describe('the words of a person in a live conversation with Claude', () => {
  it('are told apart from what a program put among them (E3)', () => {
    const output = '<local-command-stdout>Compacted</local-command-stdout>';
    assert.deepEqual(said({ isReplay: true, message: { content: output } }), [
      { role: 'system', text: 'Output of the command: Compacted', pictures: 0 },
    ]);
    assert.deepEqual(said({ isReplay: true, isSynthetic: true, message: { content: 'A summary' } }), [
      { role: 'system', text: 'A summary', pictures: 0 },
    ]);
    assert.deepEqual(said({ message: { content: [{ type: 'text', text: '[Request interrupted by user]' }] } }), [
      { role: 'system', text: '[Request interrupted by user]', pictures: 0 },
    ]);
  });

  it('are what was sent, whatever it looks like (E3)', () => {
    const host = new RecordingHost();
    const text = '<command-name>/clear</command-name> is what I see';
    const conversation = claudeDriver.createConversation(conversationRequest({ prompt: text }), host);
    conversation.start();
    const { uuid } = JSON.parse(host.written.at(-1) ?? '') as { uuid: string };
    const message = { role: 'user', content: [{ type: 'text', text }] };
    conversation.readLine('stdout', JSON.stringify({ type: 'user', isReplay: true, uuid, message }));
    assert.deepEqual(host.of('message'), [{ role: 'user', text }]);
    assert.equal(conversation.hasQueued(), false);
  });

  it('come with their pictures, and a picture without words has a name (E2)', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AAAA' } };
    assert.deepEqual(said({ isReplay: true, message: { content: [image, { type: 'text', text: 'Look' }] } }), [
      { role: 'user', text: 'Look', pictures: 1 },
    ]);
    assert.deepEqual(said({ isReplay: true, message: { content: [image] } }), [
      { role: 'user', text: 'Picture', pictures: 1 },
    ]);
  });

  it('cost no more than the text is long (E7)', () => {
    const parts = ['<system-reminder>', '</system-reminder>', '<bash-input>', ' ', '<ide_selection></ide_selection>'];
    for (const part of parts) {
      const text = part.repeat(1_000_000 / part.length);
      assert.equal(userContentOf([{ type: 'text', text }]).echo, text);
    }
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../../src/storage/events';
import { copiedText } from '../../../../src/views/text/copiedText';

const event = (draft: DraftEvent): Parameters<typeof copiedText>[0] => ({
  ...draft,
  id: 1,
  sessionId: 'aaaaaaaaaaaa',
  runId: 'bbbbbbbbbbbb',
  seq: 1,
  timestamp: '2026-01-05T09:00:00.000Z',
});
const call = (name: string, input: unknown, title: string): DraftEvent => ({
  kind: 'tool.call',
  data: { callId: 'c', name, title, input, category: 'other', locations: [] },
});

describe('the text of an event that is copied', () => {
  it('is what was said, as it was written', () => {
    const text = '## Found\n\n- **one**\n';
    assert.equal(copiedText(event({ kind: 'message', data: { role: 'assistant', text } })), text);
  });

  it('is the command of a call, and the title of others', () => {
    assert.equal(copiedText(event(call('Bash', { command: 'a\nb', description: 'Run' }, 'a b'))), 'a\nb');
    assert.equal(copiedText(event(call('Read', { file_path: '/code/a.ts' }, 'Read'))), 'Read /code/a.ts');
  });

  it('is what a question asks, with its options', () => {
    const questions = [{ question: 'Which?', header: 'H', options: [{ label: 'One' }, { label: 'Two' }] }];
    assert.equal(copiedText(event(call('AskUserQuestion', { questions }, 'Which?'))), 'Which?\n- One\n- Two');
  });

  it('is an output without its colours', () => {
    const output = '\u001b[31mred\u001b[0m';
    assert.equal(copiedText(event({ kind: 'tool.result', data: { callId: 'c', status: 'ok', output } })), 'red');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EventWriter } from '../../../../../src/supervisor/agents/driver/eventWriter';
import { RecordingHost } from '../../../../support/agents/agentHarness';

describe('the event writer', () => {
  it('joins the pieces of a text, and writes them before the next event', () => {
    const host = new RecordingHost();
    const writer = new EventWriter(host);
    writer.addText('reasoning', 'm1', 'Hm');
    writer.addText('reasoning', 'm1', '.');
    writer.addText('message', 'm1', '\n\nOne ');
    writer.emitStderr('a warning');
    writer.addText('message', 'm1', 'two');
    writer.addText('message', 'm2', 'three');
    writer.addText('message', 'm3', '  ');
    writer.emitOutput('noise');
    assert.deepEqual(
      host.events.map(({ kind, data }) => [kind, data]),
      [
        ['reasoning', { text: 'Hm.' }],
        ['output', { stream: 'stderr', text: 'a warning' }],
        ['message', { role: 'assistant', text: 'One two' }],
        ['message', { role: 'assistant', text: 'three' }],
        ['output', { stream: 'stdout', text: 'noise' }],
      ],
    );
  });

  it('writes of a whole text only the part that was not written before', () => {
    const host = new RecordingHost();
    const writer = new EventWriter(host);
    writer.addText('message', 'm1', 'One ');
    writer.flush();
    writer.addText('message', 'm1', 'tw');
    writer.addWholeText('message', 'm1', 'One two');
    writer.addWholeText('message', 'm2', 'three');
    assert.deepEqual(
      host.of('message').map(({ text }) => text),
      ['One ', 'two', 'three'],
    );
  });

  it('holds a bounded part of a text', () => {
    const host = new RecordingHost();
    const writer = new EventWriter(host);
    for (let index = 0; index < 300; index++) writer.addText('message', 'm1', 'x'.repeat(1_000));
    assert.deepEqual(
      host.of('message').map(({ text }) => text.length),
      [263_000],
    );
    writer.flush();
    assert.equal(host.of('message')[1]?.text.length, 37_000);
  });

  it('leaves out a message that is intercepted', () => {
    const host = new RecordingHost();
    const writer = new EventWriter(host, (text) => text.startsWith('Error:'));
    writer.addText('message', undefined, 'Error: no');
    writer.flush();
    writer.addText('message', undefined, 'yes');
    writer.flush();
    assert.deepEqual(
      host.of('message').map(({ text }) => text),
      ['yes'],
    );
  });
});

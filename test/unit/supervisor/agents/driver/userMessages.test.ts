import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { driverFor } from '../../../../../src/supervisor/agents/drivers';
import type { AgentAttachment } from '../../../../../src/supervisor/agents/driver/userMessages';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';
import { skip } from '../../../../support/skip';

const sha256 = '0'.repeat(64);
const PICTURE: AgentAttachment = {
  reference: { id: 'aaaaaaaaaaaa/a.png', name: 'a.png', mediaType: 'image/png', bytes: 3, sha256 },
  path: '/w/.corral/attachments/aaaaaaaaaaaa/a.png',
  picture: 'QUJD',
};
const NOTES: AgentAttachment = {
  reference: { id: 'aaaaaaaaaaaa/n.txt', name: 'n.txt', mediaType: 'text/plain', bytes: 2, sha256 },
  path: '/w/.corral/attachments/aaaaaaaaaaaa/n.txt',
  text: 'hi',
};
const NOTE = `Attached files:\n- ${PICTURE.path}\n- ${NOTES.path}`;
const PROMPT = 'Look:\n\n```\n\t"a"\n```\n- é 🙂\n';
const REFERENCES = [PICTURE.reference, NOTES.reference];

/** A conversation whose agent gives the answers, one for each message that it gets. */
async function converse(name: string, answers: readonly object[], argv = ['/usr/bin/agent']): Promise<RecordingHost> {
  const host = new RecordingHost();
  const request = conversationRequest({ argv, prompt: PROMPT, attachments: [PICTURE, NOTES] });
  const conversation = (await driverFor(name)).createConversation(request, host);
  conversation.start();
  for (const answer of answers) conversation.readLine('stdout', JSON.stringify(answer));
  return host;
}

function last(host: RecordingHost): unknown {
  return JSON.parse(host.written.at(-1) ?? '');
}

/** The parameters of the last request of a method. */
function parametersOf(host: RecordingHost, method: string): unknown {
  const request = host.written.findLast((line) => line.includes(`"method":"${method}"`));
  return v.parse(v.object({ params: v.unknown() }), JSON.parse(request ?? '')).params;
}

describe('a prompt with a picture and a file', () => {
  it('is given to Claude as a picture, paths and the prompt as it was typed', async () => {
    const host = await converse('claude', []);
    const message = v.parse(
      v.object({ uuid: v.string(), message: v.object({ content: v.array(v.unknown()) }) }),
      last(host),
    );
    assert.deepEqual(message.message.content, [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
      { type: 'text', text: NOTE },
      { type: 'text', text: PROMPT },
    ]);
  });

  it('is recorded as it was typed, with references, once Claude has echoed it', async () => {
    const host = new RecordingHost();
    const request = conversationRequest({ prompt: PROMPT, attachments: [PICTURE, NOTES] });
    const conversation = (await driverFor('claude')).createConversation(request, host);
    conversation.start();
    const { uuid, message } = v.parse(v.object({ uuid: v.string(), message: v.unknown() }), last(host));
    conversation.readLine('stdout', JSON.stringify({ type: 'user', message, uuid, isReplay: true }));
    assert.deepEqual(host.of('message'), [{ role: 'user', text: PROMPT, attachments: REFERENCES }]);
  });

  it('is given to Codex as texts and the path of the picture', async () => {
    const host = await converse('codex', [
      { id: 1, result: {} },
      { id: 2, result: { thread: { id: 't' } } },
    ]);
    const { input } = v.parse(v.object({ input: v.array(v.unknown()) }), parametersOf(host, 'turn/start'));
    assert.deepEqual(input, [
      { type: 'text', text: PROMPT, text_elements: [] },
      { type: 'text', text: NOTE, text_elements: [] },
      { type: 'localImage', path: PICTURE.path },
    ]);
  });

  for (const [what, promptCapabilities, expected] of [
    [
      'whole to an ACP agent that takes both',
      { image: true, embeddedContext: true },
      [
        { type: 'image', mimeType: 'image/png', data: 'QUJD', uri: `file://${PICTURE.path}` },
        { type: 'resource', resource: { uri: `file://${NOTES.path}`, mimeType: 'text/plain', text: 'hi' } },
      ],
    ],
    [
      'as links to an ACP agent that takes neither',
      undefined,
      [
        { type: 'resource_link', uri: `file://${PICTURE.path}`, name: 'a.png', mimeType: 'image/png', size: 3 },
        { type: 'resource_link', uri: `file://${NOTES.path}`, name: 'n.txt', mimeType: 'text/plain', size: 2 },
      ],
    ],
  ] as const)
    it(`is given ${what}`, async function () {
      if (process.platform === 'win32') return skip(this, 'paths of Windows have other addresses');
      const host = await converse('acp', [
        { jsonrpc: '2.0', id: 1, result: { protocolVersion: 1, agentCapabilities: { promptCapabilities } } },
        { jsonrpc: '2.0', id: 2, result: { sessionId: 's' } },
      ]);
      const { params } = v.parse(
        v.object({ method: v.literal('session/prompt'), params: v.object({ prompt: v.array(v.unknown()) }) }),
        last(host),
      );
      assert.deepEqual(params.prompt, [{ type: 'text', text: PROMPT }, ...expected]);
      assert.deepEqual(host.of('message'), [{ role: 'user', text: PROMPT, attachments: REFERENCES }]);
    });

  it('is given to programs without a protocol as a text with paths', async () => {
    const host = await converse('stream', [], ['/usr/bin/codex']);
    assert.deepEqual(host.written, [`${PROMPT}\n\n${NOTE}`]);
    assert.deepEqual(host.of('message'), [{ role: 'user', text: PROMPT, attachments: REFERENCES }]);
  });
});

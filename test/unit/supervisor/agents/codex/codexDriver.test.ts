import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { PermissionMode } from '../../../../../src/storage/sessionRecords';
import { codexDriver } from '../../../../../src/supervisor/agents/codex/codexDriver';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';

const requestSchema = v.object({ id: v.number(), method: v.string(), params: v.record(v.string(), v.unknown()) });

/** What the driver sends to open a thread, after Codex has answered `initialize`. */
function openingRequest(permissionMode: PermissionMode, resumes?: string): v.InferOutput<typeof requestSchema> {
  const host = new RecordingHost();
  const conversation = codexDriver.createConversation(
    conversationRequest({ permissionMode, model: 'large', ...(resumes === undefined ? {} : { resumes }) }),
    host,
  );
  conversation.start();
  conversation.readLine('stdout', '{"id":1,"result":{"userAgent":"corral/0.169.0"}}');
  return v.parse(requestSchema, JSON.parse(host.written.at(-1) ?? ''));
}

describe('codex', () => {
  it('opens a thread with the approvals and the sandbox of each permission mode', () => {
    const settings = { cwd: '/repo', model: 'large' };
    const modes: [PermissionMode, { approvalPolicy: string; sandbox: string }][] = [
      ['ask', { approvalPolicy: 'untrusted', sandbox: 'workspace-write' }],
      ['edits', { approvalPolicy: 'on-request', sandbox: 'workspace-write' }],
      ['all', { approvalPolicy: 'never', sandbox: 'danger-full-access' }],
    ];
    for (const [mode, permissions] of modes) {
      const { method, params } = openingRequest(mode);
      assert.deepEqual([method, params], ['thread/start', { ...settings, ...permissions }]);
    }
  });

  it('resumes a thread under the permission mode of this run', () => {
    const { method, params } = openingRequest('all', 'thread-1');
    assert.equal(method, 'thread/resume');
    assert.deepEqual(params, {
      threadId: 'thread-1',
      excludeTurns: true,
      cwd: '/repo',
      model: 'large',
      approvalPolicy: 'never',
      sandbox: 'danger-full-access',
    });
  });
});

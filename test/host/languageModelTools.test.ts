import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Supervisor } from '../../src/supervisor/supervisor';
import { LANGUAGE_MODEL_TOOLS } from '../../src/views/text/contributions';
import { waitFor } from '../support/wait';

/** As another extension calls them. */
async function invoke(name: string, input: object): Promise<string[]> {
  const cancelling = new vscode.CancellationTokenSource();
  const { content } = await vscode.lm.invokeTool(
    `corral_${name}`,
    { input, toolInvocationToken: undefined },
    cancelling.token,
  );
  return content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : assert.fail('no text')));
}

describe('the language-model tools', () => {
  const made: string[] = [];
  async function activated(): Promise<Supervisor> {
    const extension = vscode.extensions.getExtension<Supervisor>('corral-dev.corral');
    assert.ok(extension);
    return await extension.activate();
  }
  afterEach(async () => {
    for (const id of made.splice(0)) await (await activated()).deleteSession(id);
  });

  it('are called by another extension, and change something only after a person allowed it (16)', async () => {
    const supervisor = await activated();
    const repository = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? assert.fail('no folder');
    const names = vscode.lm.tools.map(({ name }) => name).filter((name) => name.startsWith('corral_'));
    assert.deepEqual(names.sort(), LANGUAGE_MODEL_TOOLS.map((name) => `corral_${name}`).sort());
    const request = { repository, prompt: 'edit notes.txt hello', agent: 'demo' };
    await assert.rejects(invoke('start_session', request), /CONSENT_NEEDED: No person has allowed/);
    const consents = await supervisor.consents();
    await consents.record(await consents.agentsIn(repository), true);
    const [facts = ''] = await invoke('start_session', request);
    const { id } = v.parse(v.object({ session: v.object({ id: v.string() }) }), JSON.parse(facts)).session;
    made.push(id);
    await waitFor(async () => (await supervisor.getSession(id)).status === 'Completed', { what: 'the end' });
    assert.deepEqual((await supervisor.getSession(id)).startedBy, { client: 'VS Code' });
    const [, review = ''] = await invoke('review_changes', { sessionId: id });
    assert.match(review, /untrusted data[^]*added notes\.txt/);
    await assert.rejects(invoke('read_session', { sessionId: 'abc' }), /SESSION_NOT_FOUND/);
  });
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { CorralApi, SessionSummary } from '../../src/supervisor/api';
import { TestRepository } from '../support/repository';
import { waitFor } from '../support/wait';

const SETTING = 'worktrees.setupCommand';

describe("a command of the window's workspace", () => {
  const sessions: { api: CorralApi; id: string }[] = [];
  let other: TestRepository;
  beforeEach(async () => {
    other = await TestRepository.create();
  });
  afterEach(async () => {
    for (const { api, id } of sessions.splice(0)) await api.deleteSession(id);
    await other.remove();
    for (const target of [vscode.ConfigurationTarget.Workspace, vscode.ConfigurationTarget.Global])
      await vscode.workspace.getConfiguration('corral').update(SETTING, undefined, target);
  });

  /** How the setup command of a new session in the repository ended; undefined where it has none. */
  async function setupIn(repository: string): Promise<string | undefined> {
    const extension = vscode.extensions.getExtension<CorralApi>('corral-dev.corral');
    assert.ok(extension);
    const api = await extension.activate();
    const { id } = await api.createSession({ repository, prompt: 'talk', agent: 'demo' });
    sessions.push({ api, id });
    let session: SessionSummary | undefined;
    await waitFor(async () => (session = await api.getSession(id)).status === 'Completed', {
      what: `the end of ${JSON.stringify(session)}`,
      limitMs: 60_000,
    });
    const { events } = await api.listSessionHistory(id, { limit: 1_000, kinds: ['tool.result'] });
    const result = events.map(({ data }) => data).find((data) => 'callId' in data && data.callId === 'corral-setup');
    return result !== undefined && 'status' in result ? result.status : undefined;
  }

  it("is not run before a person allowed it, and never in another repository; a user's own is (B6)", async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? assert.fail('no folder');
    const configuration = vscode.workspace.getConfiguration('corral');
    const command = [process.execPath, '-e', '0'];
    await configuration.update(SETTING, command, vscode.ConfigurationTarget.Workspace);
    assert.equal(await setupIn(folder), 'denied');
    assert.equal(await setupIn(other.path), undefined);
    await configuration.update(SETTING, command, vscode.ConfigurationTarget.Global);
    assert.equal(await setupIn(folder), 'ok', 'the workspace names what the user named too');
    assert.equal(await setupIn(other.path), 'ok');
    await configuration.update(SETTING, [...command, 'x'], vscode.ConfigurationTarget.Workspace);
    assert.equal(await setupIn(folder), 'denied');
    assert.equal(await setupIn(other.path), 'ok');
  });
});

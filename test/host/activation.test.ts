import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { CorralApi } from '../../src/supervisor/api';

describe('the extension', () => {
  it('is found and activates to version 1 of its API', async () => {
    const extension = vscode.extensions.getExtension<CorralApi>('corral-dev.corral');
    assert.ok(extension);
    const api = await extension.activate();
    assert.equal(api.version, 1);
    assert.deepEqual(await api.listSessions(), []);
  });

  it('registers every command that it contributes', async () => {
    const extension = vscode.extensions.getExtension('corral-dev.corral');
    assert.ok(extension);
    await extension.activate();
    const known = new Set(await vscode.commands.getCommands(true));
    const { contributes } = v.parse(
      v.object({ contributes: v.object({ commands: v.array(v.object({ command: v.string() })) }) }),
      extension.packageJSON,
    );
    assert.deepEqual(
      contributes.commands.map(({ command }) => command).filter((command) => !known.has(command)),
      [],
    );
  });
});

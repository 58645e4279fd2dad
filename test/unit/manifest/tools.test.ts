import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { SESSION_TOOLS } from '../../../src/sessionTools/allTools';
import { LANGUAGE_MODEL_TOOLS } from '../../../src/views/text/contributions';
import { readManifest } from './manifest';

const toolsSchema = v.array(v.object({ name: v.string(), modelDescription: v.string(), inputSchema: v.unknown() }));

describe('the language-model tools of package.json', () => {
  it('are those of the MCP server, word for word (16)', async () => {
    const { contributes } = v.parse(
      v.object({ contributes: v.object({ languageModelTools: toolsSchema }) }),
      JSON.parse(await readManifest()),
    );
    assert.deepEqual(
      contributes.languageModelTools,
      SESSION_TOOLS.map(({ name, description, inputSchema }) => ({
        name: `corral_${name}`,
        modelDescription: description,
        inputSchema: structuredClone(inputSchema),
      })),
    );
    assert.deepEqual(
      LANGUAGE_MODEL_TOOLS,
      SESSION_TOOLS.map(({ name }) => name),
    );
  });
});

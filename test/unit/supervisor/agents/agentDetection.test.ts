import assert from 'node:assert/strict';
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import { parseAgentSettings } from '../../../../src/supervisor/agents/agentRegistry';
import { detectAgents, findAgents, type DetectedAgent } from '../../../../src/supervisor/agents/agentDetection';
import { skip } from '../../../support/skip';

describe('the detection of agents', () => {
  let folder = '';
  before(async () => (folder = await realpath(await mkdtemp(join(tmpdir(), 'corral agents ')))));
  after(() => rm(folder, { recursive: true, force: true }));

  it('tells versions of those that are there, and how to get the others', async function () {
    if (process.platform === 'win32') return skip(this, 'a script is no program on Windows');
    const answers = {
      claude: '2.1.329 (Claude Code)',
      codex: 'codex-cli 0.169.0',
      gemini: '0.61.0-preview.1',
      opencode: 'no version here',
      other: '9.9.9',
    };
    for (const [name, answer] of Object.entries(answers)) {
      await writeFile(
        join(folder, name),
        `#!/bin/sh\n[ "$1" = --version ] && [ "$KEY" = given ] && echo '${answer}'\n`,
      );
      await chmod(join(folder, name), 0o755);
    }
    const entry = (name: string): object => ({ path: join(folder, name), env: { KEY: 'given' } });
    const agents = parseAgentSettings({
      claude: entry('claude'),
      codex: entry('codex'),
      gemini: entry('gemini'),
      opencode: entry('opencode'),
      goose: { path: join(folder, 'goose') },
      other: { ...entry('other'), driver: 'acp' },
    });
    const detected = await detectAgents({ agents, bundles: '/dist', runProcess: runWithNode });
    const configured = detected.filter(({ name }) => Object.hasOwn(agents, name));
    assert.deepEqual(Object.fromEntries(configured.map(({ name, version }) => [name, version])), {
      claude: '2.1.329',
      codex: '0.169.0',
      gemini: '0.61.0-preview.1',
      opencode: undefined,
      goose: undefined,
      // An unknown program might do anything when it is asked for its version.
      other: undefined,
    });
    const others = detected.filter(({ name }) => ['demo', 'command'].includes(name));
    assert.deepEqual(
      others.map(({ version, missing }) => ({ version, missing })),
      Array.from({ length: 2 }, () => ({ version: undefined, missing: undefined })),
    );
    assert.deepEqual(
      configured.filter(({ missing }) => missing !== undefined).map(({ name }) => name),
      ['goose'],
    );
    const goose = configured.at(-1);
    assert.equal(goose?.name, 'goose', 'missing agents come last');
    assert.match(goose.missing ?? '', /was not found. See .* for how to install it/);
  });

  it('says what installs a missing agent, but not where the settings name a program that is not there', async () => {
    const agents = parseAgentSettings({ opencode: { path: join(folder, 'none') } });
    const detected = await findAgents({ agents, bundles: '/dist' });
    const of = (name: string): DetectedAgent | undefined => detected.find((agent) => agent.name === name);
    assert.deepEqual([of('opencode')?.missing !== undefined, of('opencode')?.installCommand], [true, undefined]);
    // It may be installed where the test runs.
    const expected = of('codex')?.missing === undefined ? undefined : 'npm install -g @openai/codex';
    assert.equal(of('codex')?.installCommand?.join(' '), expected);
  });
});

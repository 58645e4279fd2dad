import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { PERMISSION_MODES } from '../../../../src/storage/sessionRecords';
import { parseAgentSettings, resolveAgent } from '../../../../src/supervisor/agents/agentRegistry';
import type { DriverName } from '../../../../src/supervisor/agents/drivers';
import { DRIVER_NAMES, driverFor } from '../../../../src/supervisor/agents/drivers';
import { conversationRequest, RecordingHost } from '../../../support/agents/agentHarness';
import { goldenPath } from '../../../support/agents/recording';
import { goldenText } from '../../../support/goldenText';
import { projectRoot } from '../../../support/project';

const driverPropertySchema = v.object({ enum: v.array(v.string()), enumDescriptions: v.array(v.string()) });
const manifestSchema = v.object({
  contributes: v.object({
    configuration: v.looseTuple([
      v.object({
        properties: v.object({
          'corral.agents': v.object({
            additionalProperties: v.object({ properties: v.object({ driver: driverPropertySchema }) }),
          }),
        }),
      }),
    ]),
  }),
});

/** The programs that each driver knows. */
const PROGRAMS: readonly [DriverName, readonly string[]][] = [
  ['claude', ['claude']],
  ['codex', ['codex']],
  ['acp', ['gemini', 'goose', 'opencode', 'claude-agent-acp', 'codex-acp', 'other']],
  ['stream', ['codex', 'gemini', 'opencode', 'goose']],
  ['command', ['other']],
];

/** Agent and driver → the arguments that continue the native session `n1` in a terminal. */
const TERMINAL_ARGUMENTS: [agent: string, driver: string | undefined, words: string[] | undefined][] = [
  ['claude', undefined, ['--mine', '--resume=n1']],
  ['codex', undefined, ['--mine', 'resume', 'n1']],
  ['opencode', undefined, ['--mine', '--session=n1']],
  ['goose', undefined, ['--mine', 'session', '--resume', '--session-id', 'n1', '--history']],
  // Gemini cannot resume a session that was driven by the protocol.
  ['gemini', undefined, undefined],
  ['gemini', 'stream', ['--mine', '--resume=n1']],
  ['codex', 'stream', ['--mine', 'resume', 'n1']],
  ['opencode', 'stream', ['--mine', '--session=n1']],
  ['goose', 'stream', ['--mine', 'session', '--resume', '--name', 'n1', '--history']],
  ['other', 'acp', undefined],
  ['other', 'command', undefined],
];

describe('drivers', () => {
  it('are the ones that package.json offers and describes in the setting corral.agents', async () => {
    const manifest = v.parse(manifestSchema, JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')));
    const { properties } = manifest.contributes.configuration[0].properties['corral.agents'].additionalProperties;
    assert.deepEqual(properties.driver.enum, DRIVER_NAMES);
    assert.equal(properties.driver.enumDescriptions.length, DRIVER_NAMES.length);
  });

  it('are loaded by their names, and a foreign name is refused', async () => {
    for (const name of DRIVER_NAMES) assert.equal((await driverFor(name)).backendType, name);
    for (const name of ['telepathy', 'constructor', ''])
      await assert.rejects(driverFor(name), { code: 'AGENT_UNKNOWN' }, name);
  });

  it('keep a line as it is that has more values than any message, or is nested too deeply (E7)', async () => {
    const values = `{"type":"user","id":1,"message":[${'[],'.repeat(8_000_000)}[]]}`;
    const nested = `{"type":"user","id":1,"message":${'['.repeat(10_000_000)}`;
    for (const name of DRIVER_NAMES) {
      const argv = [name === 'stream' ? '/usr/bin/gemini' : '/usr/bin/agent'];
      for (const line of [values, nested]) {
        const host = new RecordingHost();
        const conversation = (await driverFor(name)).createConversation(conversationRequest({ argv }), host);
        conversation.start();
        conversation.readLine('stdout', line);
        conversation.end({ exitCode: 0, signal: null, asked: undefined, stderrTail: '' });
        const kept = host.of('output').map(({ text }) => text.length);
        assert.ok(kept.includes(line.length), `${name} keeps ${line.slice(0, 60)}: ${kept.join()}`);
      }
    }
  });

  it('start and resume their programs with the same command lines as ever', async () => {
    const lines: string[] = [];
    for (const [name, programs] of PROGRAMS) {
      const driver = await driverFor(name);
      for (const program of programs) {
        for (const permissionMode of PERMISSION_MODES) {
          for (const options of [{}, { model: '--large', resumes: '--n1' }]) {
            const { argv, environment } = driver.launch({
              program: `/usr/bin/${program}`,
              programArguments: ['--mine'],
              prompt: '--prompt',
              promptFile: '/store/prompt.txt',
              cwd: '/repo',
              permissionMode,
              ...options,
            });
            const variables = Object.entries(environment).map(([variable, value]) => `${variable}=${value}`);
            const words = [...variables, ...argv].join(' ').replace(/corral-[0-9a-f-]{36}/, 'corral-<uuid>');
            lines.push(`${name}, ${permissionMode}: ${words}`);
          }
        }
      }
    }
    await goldenText(goldenPath('launches'), `${lines.join('\n')}\n`);
  });

  it('start their programs so that they can only read for a question beside the work, or have no way to', async () => {
    const lines: string[] = [];
    for (const [name, programs] of PROGRAMS) {
      const driver = await driverFor(name);
      for (const program of programs) {
        const means = driver.asides?.([`/usr/bin/${program}`]);
        const { argv, environment, policy } = driver.launch({
          ...{ program: `/usr/bin/${program}`, programArguments: [], prompt: 'p', promptFile: '/store/prompt.txt' },
          ...{ cwd: '/repo', permissionMode: 'ask', aside: { policyFile: '/store/policy.toml' } },
        });
        const variables = Object.entries(environment).map(([variable, value]) => `${variable}=${value}`);
        const line = means === undefined ? 'cannot' : [means, ...variables, ...argv].join(' ');
        lines.push(`${name} ${program}: ${line}`, ...(policy === undefined ? [] : [policy.trim()]));
      }
    }
    await goldenText(goldenPath('asides'), `${lines.join('\n')}\n`);
    const gemini = { program: '/bin/gemini', programArguments: [], prompt: 'p', promptFile: '', cwd: '/repo' };
    const aside = { policyFile: '/store, mine/policy.toml' }; // Gemini would read it as two files that are not there
    for (const name of ['acp', 'stream']) {
      const driver = await driverFor(name);
      assert.throws(() => driver.launch({ ...gemini, permissionMode: 'ask', aside }), { code: 'INVALID_ARGUMENT' });
    }
  });

  for (const [name, driver, words] of TERMINAL_ARGUMENTS) {
    const agent = driver === undefined ? name : `${name} with the driver ${driver}`;
    it(`${words === undefined ? 'cannot continue' : 'continue'} a session of ${agent} in a terminal`, async () => {
      // This Node stands for the agent's program, which is recognized by the name of its script.
      const script = `/opt/${name}.js`;
      const setting = { path: process.execPath, args: [script, '--mine'], ...(driver === undefined ? {} : { driver }) };
      const resolved = await resolveAgent(name, { agents: parseAgentSettings({ [name]: setting }), bundles: '/dist' });
      const answer = (await driverFor(resolved.driver)).terminalArguments?.({ ...resolved, nativeSessionId: 'n1' });
      assert.deepEqual(answer, words === undefined ? undefined : [script, ...words]);
    });
  }
});

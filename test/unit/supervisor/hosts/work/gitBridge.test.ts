import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, dirname } from 'node:path';
import { promisify } from 'node:util';
import { after, before, it } from 'mocha';
import { Multiplexer } from '../../../../../src/common/channels/multiplexer';
import {
  BRIDGE_ADDRESS_VARIABLE,
  BRIDGE_NONCE_VARIABLE,
} from '../../../../../src/supervisor/hosts/work/bridgeProtocol';
import { extAddress, GitBridge } from '../../../../../src/supervisor/hosts/work/gitBridge';
import type { HostProcess } from '../../../../../src/supervisor/system/hostConnection';
import { projectRoot } from '../../../../support/project';
import { describeIf } from '../../../../support/skip';
import { readAll } from '../../../common/channels/linkFixture';
import { script, TestHost } from '../hostFixture';

const hasShell = process.platform !== 'win32';
const bundles = join(projectRoot, 'dist');

describeIf(hasShell, 'there is no sh', 'the bridge from git to a host', () => {
  let host: TestHost;
  before(async () => (host = await TestHost.connect()));
  after(async () => await host.close());

  async function withBridge(
    use: (bridge: GitBridge, address: string) => Promise<void>,
    maxBytes = 1_000_000,
  ): Promise<void> {
    const start = (): HostProcess => host.connection.start(script('process.stdin.pipe(process.stdout)'));
    const bridge = await GitBridge.open({ start, service: 'upload-pack', maxBytes, bundles });
    try {
      await use(bridge, bridge.environment[BRIDGE_ADDRESS_VARIABLE] ?? '');
    } finally {
      bridge.close();
    }
  }

  /** What comes back of `text` where the request is this one; undefined where nothing is let through. */
  async function say(address: string, request: unknown, text: string): Promise<string | undefined> {
    const socket = connect(address);
    const link = new Multiplexer({ input: socket, output: socket, side: 'client' });
    const channel = link.open(Buffer.from(JSON.stringify(request)));
    channel.end(text);
    const answer = await readAll(channel).then(
      (bytes) => bytes.toString(),
      () => undefined,
    );
    link.close();
    return answer;
  }

  it('lets through only who knows its secret, for its service, and once', async () => {
    await withBridge(async ({ environment }, address) => {
      const nonce = environment[BRIDGE_NONCE_VARIABLE] ?? '';
      assert.match(nonce, /^[0-9a-f]{64}$/);
      for (const request of [
        null,
        {},
        { nonce: '', service: 'upload-pack' },
        { nonce: nonce.replace(/./, 'x'), service: 'upload-pack' },
        { nonce, service: 'receive-pack' },
        { nonce, service: 'upload-archive' },
      ])
        assert.equal(await say(address, request, 'let me in'), undefined, JSON.stringify(request));
      assert.equal(await say(address, { nonce, service: 'upload-pack' }, 'hello'), 'hello');
      assert.equal(await say(address, { nonce, service: 'upload-pack' }, 'again'), undefined);
      assert.equal((await stat(dirname(address))).mode & 0o777, 0o700);
    });
  });

  it('is gone when it is closed', async () => {
    let place = '';
    await withBridge((_, address) => {
      place = address;
      return Promise.resolve();
    });
    await assert.rejects(stat(place), { code: 'ENOENT' });
    await assert.rejects(
      new Promise((resolve, reject) => connect(place).once('connect', resolve).once('error', reject)),
      /ENOENT/,
    );
  });

  it('counts what comes home', async () => {
    await withBridge(async (bridge, address) => {
      const request = { nonce: bridge.environment[BRIDGE_NONCE_VARIABLE], service: 'upload-pack' };
      assert.equal(await say(address, request, 'x'.repeat(100)), 'x'.repeat(100));
      assert.deepEqual([bridge.bytesHome, bridge.isTooMuch], [100, false]);
    }, 100);
    await withBridge(async (bridge, address) => {
      const request = { nonce: bridge.environment[BRIDGE_NONCE_VARIABLE], service: 'upload-pack' };
      assert.equal(await say(address, request, 'x'.repeat(101)), undefined);
      assert.equal(bridge.isTooMuch, true);
    }, 100);
  });

  it('is named to git in a way that git reads as it was meant', async () => {
    const words = ['a b', '%S%%', ' ', 'ü\n', '"', "it's", '\\', '$HOME'];
    const code = 'console.error(JSON.stringify(process.argv.slice(1))); process.exit(1)';
    const address = extAddress([process.execPath, '-e', code, '--', ...words]);
    const listed = promisify(execFile)('git', ['-c', 'protocol.ext.allow=always', 'ls-remote', address]);
    await assert.rejects(listed, ({ stderr }: { stderr: string }) => {
      assert.deepEqual(JSON.parse(stderr.split('\n')[0] ?? ''), words);
      return true;
    });
  });
});

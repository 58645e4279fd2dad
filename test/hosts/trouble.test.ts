import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { after, afterEach, before, describe, it } from 'mocha';
import { HostError } from '../../src/supervisor/hosts/hostError';
import { openTransport, type Transport } from '../../src/supervisor/hosts/transport/openTransport';
import { echoProgram, firstWords, talk } from '../support/hosts/echoProgram';
import type { MachineOptions } from '../support/hosts/machineFiles';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { skip } from '../support/skip';

const program = echoProgram('1.0.0');
const path = process.env['PATH'];

describe('a host behind ssh that cannot be used', () => {
  before(async function () {
    const reason = await noSshMachine();
    if (reason !== undefined) skip(this, reason);
  });
  let machine: SshMachine | undefined;
  afterEach(async () => {
    await machine?.stop();
    machine = undefined;
  });
  after(() => {
    process.env['PATH'] = path;
  });

  async function startMachine(options: MachineOptions = {}): Promise<SshMachine> {
    machine = await SshMachine.start(options);
    process.env['PATH'] = machine.path;
    return machine;
  }
  const open = async (ssh: string, root?: string): Promise<Transport> =>
    await openTransport({ name: 'far', setting: { ssh, ...(root === undefined ? {} : { root }) } }, { program });
  async function assertFails(opening: Promise<Transport>, code: HostError['code'], message: RegExp): Promise<void> {
    await assert.rejects(opening, (error) => {
      assert.ok(error instanceof HostError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.match(error.message, /^Host “far”: /);
      return true;
    });
  }

  it('has no Node, or only an old one', async () => {
    const far = await startMachine({ hasNode: false });
    await assertFails(open(far.alias), 'HOST_NODE_MISSING', /Node was not found there\. Install version 22/);
    await far.runAsRoot('sh', '-c', 'mkdir -p /opt/node && printf "#!/bin/sh\\necho v18.19.0\\n" > /opt/node/node');
    await far.runAsRoot(
      'sh',
      '-c',
      'chmod 755 /opt/node/node && echo "PATH=/opt/node:/usr/bin:/bin" > /home/dev/.profile',
    );
    await assertFails(open(far.alias), 'HOST_NODE_MISSING', /too old there \(v18\.19\.0 \/opt\/node\/node\)/);
  });

  it('has another key than before', async () => {
    const far = await startMachine();
    await talk(await open(far.alias), '');
    await far.changeKey();
    await assertFails(open(far.alias), 'HOST_KEY_CHANGED', /its key is another one than before/);
  });

  it('has a key that nobody has seen yet', async () => {
    const far = await startMachine();
    await far.forgetKey();
    await assertFails(open(far.alias), 'HOST_KEY_UNKNOWN', /Connect once by “ssh /);
  });

  it('does not let the person in', async () => {
    const far = await startMachine();
    await rm(far.file('~/.ssh/authorized_keys'));
    await assertFails(open(far.alias), 'HOST_PERMISSION_DENIED', /does not let you in .*Permission denied/);
  });

  it('has another name', async () => {
    await startMachine();
    await assertFails(
      open('no-such-host.invalid'),
      'HOST_UNREACHABLE',
      /no machine of the name “no-such-host\.invalid”/,
    );
  });

  it('is away, and then back', async () => {
    const far = await startMachine({
      sshOptions: ['ConnectTimeout 2', 'ServerAliveInterval 1', 'ServerAliveCountMax 2'],
    });
    const transport = await open(far.alias);
    assert.equal(await firstWords(transport), '1.0.0 serve\n');
    await far.setCable(false);
    await transport.process.ended; // ssh heard nothing any more
    await assertFails(open(far.alias), 'HOST_UNREACHABLE', /could not be reached/);
    await far.setCable(true);
    assert.equal(await talk(await open(far.alias), 'back'), '1.0.0 serve\nback');
  });

  it('has no sshd any more', async () => {
    const far = await startMachine();
    const transport = await open(far.alias);
    const ended = once(transport.process.output.resume(), 'end');
    await far.shutDown();
    await ended;
    await assertFails(open(far.alias), 'HOST_UNREACHABLE', /could not be reached \(.*Connection refused/);
    await far.boot();
    assert.equal((await open(far.alias)).isInstalled, true);
  });

  it('has a full disk, or no folder to write to', async () => {
    const far = await startMachine({ homeMiB: 1 });
    await writeFile(far.file('~/filler'), Buffer.alloc(1 << 20)).catch(() => undefined); // until it is full
    await assertFails(open(far.alias), 'HOST_DISK_FULL', /its disk is full/);
    await rm(far.file('~/filler'));
    assert.deepEqual(await readdir(far.file('~/.corral-host/bin')).catch(() => []), []);
    await assertFails(open(far.alias, '/usr/corral'), 'HOST_NOT_WRITABLE', /Permission denied.*Choose another folder/);
    assert.equal(await talk(await open(far.alias), ''), '1.0.0 serve\n');
  });

  it('runs an old program while a new one is installed', async () => {
    const far = await startMachine();
    const old = await open(far.alias);
    assert.equal(await firstWords(old), '1.0.0 serve\n');
    const host = { name: 'far', setting: { ssh: far.alias } };
    const next = await openTransport(host, { program: echoProgram('2.0.0') });
    assert.equal(await talk(next, 'new'), '2.0.0 serve\nnew');
    assert.equal(await talk(old, 'old'), 'old');
    assert.equal((await readdir(far.file('~/.corral-host/bin'))).length, 2);
  });
});

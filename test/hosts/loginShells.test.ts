import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { after, afterEach, before, describe, it } from 'mocha';
import { openTransport, type Transport } from '../../src/supervisor/hosts/transport/openTransport';
import { echoProgram, talk } from '../support/hosts/echoProgram';
import { NODE_FOLDER, type MachineOptions } from '../support/hosts/machineFiles';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { skip } from '../support/skip';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
const program = echoProgram('1.0.0');
const path = process.env['PATH'];

/** Login shells, and what people write into their files. */
const SHELLS: Record<string, MachineOptions> = {
  bash: { shell: '/bin/bash' },
  tcsh: { shell: '/usr/bin/tcsh' },
  fish: { shell: '/usr/bin/fish' },
  sh: { shell: '/bin/sh' },
  'bash that prints': {
    shell: '/bin/bash',
    files: { '.bashrc': 'echo "Have a nice day"\nprintf "\\033[1mbold\\033[0m\\n"\n', '.bash_logout': 'echo bye\n' },
  },
  'tcsh that prints': {
    shell: '/usr/bin/tcsh',
    files: { '.tcshrc': `echo hello\nsetenv PATH \${PATH}:${NODE_FOLDER}\n` },
  },
};

describe('a host behind ssh', () => {
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

  async function startMachine(options: MachineOptions): Promise<SshMachine> {
    machine = await SshMachine.start(options);
    process.env['PATH'] = machine.path;
    return machine;
  }
  const open = async ({ alias }: SshMachine): Promise<Transport> =>
    await openTransport({ name: 'far', setting: { ssh: alias } }, { program });

  describe('whose login shell is', () => {
    for (const [title, options] of Object.entries(SHELLS))
      it(`${title} is given the program, and passes on all values of a byte`, async () => {
        const far = await startMachine(options);
        const first = await open(far);
        assert.deepEqual([first.isInstalled, first.node], [true, `${NODE_FOLDER}/node`]);
        assert.equal(await talk(first, ALL_BYTES), `1.0.0 serve\n${ALL_BYTES.toString('latin1')}`);
        const second = await open(far);
        assert.equal(second.isInstalled, false);
        assert.equal(await talk(second, 'again'), '1.0.0 serve\nagain');
        const said = options.files === undefined ? /^$/ : /Have a nice day|hello/;
        assert.match(second.printed, said);
      });
  });

  it('is reached whatever its configuration says of a terminal, a command and forwarding', async () => {
    const sshOptions = [
      'RemoteCommand tmux new -A',
      'RequestTTY force',
      'StdinNull yes',
      'LocalForward 127.0.0.1:1 localhost:1',
    ];
    const far = await startMachine({
      sshOptions: [...sshOptions, 'PermitLocalCommand yes', 'LocalCommand echo local'],
    });
    assert.equal(await talk(await open(far), ALL_BYTES), `1.0.0 serve\n${ALL_BYTES.toString('latin1')}`);
  });

  it('is entered by a command as well', async () => {
    const far = await startMachine({});
    const transport = await openTransport({ name: 'far', setting: { exec: far.enter } }, { program });
    assert.equal(transport.node, `${NODE_FOLDER}/node`);
    assert.equal(await talk(transport, ALL_BYTES), `1.0.0 serve\n${ALL_BYTES.toString('latin1')}`);
    assert.equal(
      (await promisify(execFile)(far.enter[0], [...far.enter.slice(1), 'hostname'])).stdout.trim(),
      far.hostName,
    );
  });
});

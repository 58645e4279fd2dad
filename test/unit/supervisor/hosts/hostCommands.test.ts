import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, it } from 'mocha';
import { liveness } from '../../../../src/supervisor/system/identity';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { readAll, testBytes } from '../../common/channels/linkFixture';
import { script, TestHost } from './hostFixture';

const hasShell = process.platform !== 'win32';

describeIf(hasShell, 'there is no sh', 'programs on another host', () => {
  let host: TestHost;
  before(async () => (host = await TestHost.connect()));
  after(async () => await host.close());

  it('get all values of bytes, and hand them on as they are', async () => {
    const bytes = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, value) => value)), testBytes(3 << 20)]);
    const { stdout, exitCode, failure } = await host.connection.run(['cat'], { input: bytes });
    assert.ok(stdout.equals(bytes));
    assert.deepEqual([exitCode, failure], [0, undefined]);
  });

  it('have stdout and stderr apart, an exit code, and arguments that no shell reads', async () => {
    const code = 'console.log(JSON.stringify(process.argv.slice(1))); console.error("ü"); process.exitCode = 3;';
    const odd = ['a b', '$HOME', "it's", '"', '', '*', '%PATH%', 'ü\n'];
    const result = await host.connection.run(script(code, ...odd));
    assert.deepEqual(JSON.parse(result.stdout.toString()), odd);
    assert.deepEqual([result.stderr, result.exitCode, result.signal], ['ü\n', 3, undefined]);
  });

  it('run in the home folder or where they are told, with variables of their own', async () => {
    const code = 'console.log(process.cwd() + " " + process.env.FROM_HERE)';
    const home = await host.connection.run(script(code), { environment: { FROM_HERE: 'a b' } });
    assert.equal(home.stdout.toString(), `${host.path('home')} a b\n`);
    await mkdir(host.path('work'));
    const work = await host.connection.run(script(code), { cwd: host.path('work') });
    assert.equal(work.stdout.toString(), `${host.path('work')} undefined\n`);
  });

  it('that are not there are not started', async () => {
    const { failure, cause } = await host.connection.run(['no-such-program']);
    assert.equal(failure, 'notStarted');
    assert.match(String(cause), /ENOENT/);
    await assert.rejects(host.connection.start(['no-such-program']).ended, { code: 'HOST_FAILED' });
    assert.equal((await host.connection.run(['true'], { cwd: host.path('nowhere') })).failure, 'notStarted');
  });

  it('with too many arguments are not started', async () => {
    const tooLong = 'x'.repeat(900_000);
    if (process.platform === 'linux')
      assert.equal((await host.connection.run(['true', tooLong])).failure, 'notStarted');
    await assert.rejects(host.connection.run(['true', tooLong, tooLong]), { code: 'HOST_FAILED', message: /so long/ });
    assert.equal((await host.connection.run(['true'])).exitCode, 0);
  });

  it('are told to end, and killed where they do not', async () => {
    const stubborn = 'process.on("SIGTERM", () => undefined); console.log("up"); setInterval(() => undefined, 1e6)';
    const running = host.connection.start(script(stubborn));
    await new Promise((resolve) => running.stdout.once('data', resolve));
    running.kill('SIGTERM');
    running.kill('SIGKILL');
    assert.deepEqual(await running.ended, { exitCode: undefined, signal: 'SIGKILL' });
    const controller = new AbortController();
    const cancelled = host.connection.run(['sleep', '1000'], { signal: controller.signal });
    controller.abort();
    const { failure, signal } = await cancelled;
    assert.deepEqual([failure, signal], ['cancelled', 'SIGTERM']);
    assert.equal((await host.connection.run(['sleep', '1000'], { timeoutMs: 10 })).failure, 'timedOut');
    const flood = await host.connection.run(['yes'], { maxOutputBytes: 1_000 });
    assert.deepEqual([flood.failure, flood.stdout.length], ['tooMuchOutput', 1_000]);
  });

  it('are ended with all that they started when nobody reads them any more', async () => {
    const inner = 'setInterval(() => undefined, 1e6)';
    const code = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(inner)}, "--", ${JSON.stringify(host.path('leaf'))}], { detached: true, stdio: "ignore" }); console.log("up"); ${inner}`;
    const running = host.connection.start(script(code, host.path('trunk')));
    await new Promise((resolve) => running.stdout.once('data', resolve));
    assert.equal((await host.running('leaf')).length, 2); // the trunk's code names it as well
    running.stdout.destroy();
    await waitFor(async () => (await host.running('leaf')).length === 0, { what: 'the end of both' });
  });

  it('do not hold up others whose output nobody reads', async () => {
    const unread = host.connection.start(['yes']);
    await new Promise((resolve) => unread.stdout.once('readable', resolve));
    const { stdout } = await host.connection.run(['echo', 'here']);
    assert.equal(stdout.toString(), 'here\n');
    unread.kill('SIGKILL');
    unread.stdout.resume();
    assert.equal((await unread.ended).signal, 'SIGKILL');
  });

  it('may leave their input unread', async () => {
    const { exitCode } = await host.connection.run(['true'], { input: testBytes(5 << 20) });
    assert.equal(exitCode, 0);
  });

  it('are a hundred at once', async () => {
    const numbers = Array.from({ length: 100 }, (_, index) => String(index));
    const results = await Promise.all(numbers.map(async (each) => await host.connection.run(['echo', each])));
    assert.deepEqual(
      results.map(({ stdout }) => stdout.toString().trim()),
      numbers,
    );
  });

  it('outlive the link where they are detached', async () => {
    const output = host.path('detached.log');
    const code = 'console.log("up"); setInterval(() => undefined, 1e6)';
    const identity = await host.connection.startDetached(script(code, host.path('detached')), { output });
    await waitFor(async () => (await readFile(output, 'utf8')) === 'up\n', { what: 'its output' });
    process.kill(await host.serverPid(), 'SIGKILL');
    await host.reached('unreachable');
    assert.equal((await host.connection.reconnectNow()).kind, 'connected');
    assert.equal(await liveness(identity), 'alive');
    await assert.rejects(host.connection.startDetached(['no-such-program']), { code: 'HOST_FAILED' });
  });

  it('have the environment of the login shell', async () => {
    const other = await TestHost.make();
    try {
      await writeFile(
        other.path('home', '.profile'),
        'echo noise; export FROM_PROFILE="a b"; PATH="$HOME/tools:$PATH"\n',
      );
      await other.connection.reconnectNow();
      const { stdout } = await other.connection.run(['sh', '-c', 'echo "$FROM_PROFILE $PATH"']);
      assert.ok(stdout.toString().startsWith(`a b ${other.path('home')}/tools:`), stdout.toString());
    } finally {
      await other.close();
    }
  });

  it('read what is written to them while they run', async () => {
    const running = host.connection.start(['cat']);
    running.stdin.write('one');
    assert.equal(String(await new Promise((resolve) => running.stdout.once('data', resolve))), 'one');
    running.stdin.end('two');
    assert.equal((await readAll(running.stdout)).toString(), 'two');
    assert.deepEqual(await running.ended, { exitCode: 0, signal: undefined });
  });
});

/**
 * `npm start [-- --browser] [--port=<n>] [--no-open]`: opens a VS Code with the extension, a throwaway profile and a
 * demo repository. That is `code` where it is installed and has a screen, otherwise a VS Code served on loopback.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDemoRepository } from './demoRepository.mjs';
import { findProgram, installExtension, installServer, writeHostFile } from './host.mjs';
import { enterProjectNode, root, run, runOrThrow } from './installation.mjs';

await enterProjectNode(import.meta.filename);

const { values: options } = parseArgs({
  options: {
    browser: { type: 'boolean', default: false },
    port: { type: 'string', default: '0' },
    'no-open': { type: 'boolean', default: false },
  },
});

/** Finds the desktop VS Code, where there is one and a screen. */
async function findDesktop() {
  if (options.browser || options.port !== '0') return undefined;
  if (process.platform === 'win32') {
    const command = await findProgram(['code.cmd']); // it needs a shell, but Code.exe beside its folder does not
    return command === undefined ? undefined : join(dirname(command), '..', 'Code.exe');
  }
  const screen =
    process.platform === 'darwin' ||
    process.env['DISPLAY'] !== undefined ||
    process.env['WAYLAND_DISPLAY'] !== undefined;
  return screen ? await findProgram(['code']) : undefined;
}

async function openDesktop(program, directory, repository) {
  console.log('Opening VS Code; this ends when its window is closed.');
  const parameters = [
    `--extensionDevelopmentPath=${root}`,
    `--user-data-dir=${join(directory, 'profile')}`,
    `--extensions-dir=${join(directory, 'extensions')}`,
  ];
  if (process.getuid?.() === 0) parameters.push('--no-sandbox');
  return await run(program, [...parameters, '--disable-workspace-trust', '--new-window', '--wait', repository]);
}

/** Opens an address by the system's own command. It may fail, since the address is printed as well. */
function openInBrowser(address) {
  const [program, ...parameters] = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] }[
    process.platform
  ] ?? ['xdg-open'];
  if (
    process.platform === 'linux' &&
    process.env['DISPLAY'] === undefined &&
    process.env['WAYLAND_DISPLAY'] === undefined
  )
    return;
  const child = spawn(program, [...parameters, address], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

async function serve(repository) {
  await writeHostFile({ serverMain: await installServer() });
  const extensionsDirectory = join(directory, 'extensions');
  await installExtension(extensionsDirectory);
  const { VscodeServer } = await import('../out/support/vscode/vscodeServer.js');
  const settings = { 'workbench.startupEditor': 'readme' };
  // The person's agents find their sign-in in the home folder.
  const server = await VscodeServer.start({
    extensionsDirectory,
    port: Number(options.port),
    homeDirectory: homedir(),
    settings,
  });
  try {
    const address = server.url(repository);
    console.log(`\n${address}\n\nCtrl+C ends it.`);
    if (!options['no-open']) openInBrowser(address);
    await ended;
  } finally {
    await server.stop();
  }
}

/** Resolves at the first signal; after that the script only cleans up. */
const ended = new Promise((fulfil) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, fulfil);
});

const directory = await realpath(await mkdtemp(join(tmpdir(), 'corral-demo-')));
const repository = join(directory, 'kettle');
try {
  await runOrThrow(process.execPath, [join(root, 'esbuild.mjs'), '--tests']);
  await createDemoRepository(repository);
  const desktop = await findDesktop();
  if (desktop === undefined) await serve(repository);
  else process.exitCode = await openDesktop(desktop, directory, repository);
  const { endProcessesOf } = await import('../out/support/processes.js');
  await endProcessesOf(directory); // agents outlive their window
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * The VS Code in which tests and the demo run: server and workbench of the npm package code-server, shown by Chromium.
 * It downloads only from the package registry and, for Chromium, from the system's packages.
 */
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheDirectory, installInto, npm, root, run, runOrThrow } from './installation.mjs';

/** Contains VS Code 1.139. */
const CODE_SERVER_VERSION = '4.139.1';
const CHROMIUM_NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
];
const CHROMIUM_APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

const isProgram = async (path) => {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The path of the first of `names` on PATH. @returns {Promise<string | undefined>} */
export async function findProgram(names) {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(directory, name);
      if (directory !== '' && (await isProgram(path))) return path;
    }
  }
  return undefined;
}

/** @returns {Promise<string>} server-main.js of VS Code's server; continues an installation that was cut short */
export async function installServer() {
  const directory = join(cacheDirectory, `code-server-${CODE_SERVER_VERSION}`);
  const library = join(directory, 'node_modules/code-server/lib/vscode');
  const stamp = join(directory, 'complete');
  try {
    await access(stamp);
  } catch {
    console.log(`Installing VS Code's server (code-server ${CODE_SERVER_VERSION})…`);
    await installInto(directory, [`code-server@${CODE_SERVER_VERSION}`]);
    await npm(['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: library,
    });
    await writeFile(stamp, '');
  }
  return join(library, 'out/server-main.js');
}

async function findChromium() {
  const configured = process.env['CHROMIUM'];
  if (configured !== undefined && configured !== '') {
    if (await isProgram(configured)) return configured;
    throw new Error(`CHROMIUM is set to ${configured}, which is no program that can be run.`);
  }
  const onPath = await findProgram(CHROMIUM_NAMES);
  if (onPath !== undefined) return onPath;
  for (const path of CHROMIUM_APPLICATIONS) if (await isProgram(path)) return path;
  return undefined;
}

async function isDebian() {
  if (process.platform !== 'linux' || (await findProgram(['apt-get'])) === undefined) return false;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*debian/m.test(release);
}

/** @returns {Promise<string>} the path of Chromium; apt installs it for root on Debian */
export async function installChromium() {
  const found = await findChromium();
  if (found !== undefined) return found;
  const advice =
    'The tests that drive VS Code in a browser need Chromium: install it (on Debian: apt-get install chromium) or set CHROMIUM to its path.';
  if (process.getuid?.() !== 0 || !(await isDebian())) throw new Error(advice);
  console.log('Installing Chromium…');
  const chromium = (await installPackages(['chromium'])) ? await findChromium() : undefined;
  if (chromium === undefined) throw new Error(`apt-get could not install Chromium. ${advice}`);
  return chromium;
}

/** Programs that only tests need, by the name of their package. Where one cannot be had, its tests say so. */
const TEST_PROGRAMS = {
  gh: 'gh',
  openssl: 'openssl',
  'git-lfs': 'git-lfs',
  'git-crypt': 'git-crypt',
  exfatprogs: 'mkfs.exfat',
  'exfat-fuse': 'mount.exfat-fuse',
};

/** Installs them by apt for root on Debian. */
export async function installTestPrograms() {
  const programs = Object.entries(TEST_PROGRAMS);
  const found = await Promise.all(programs.map(async ([, program]) => await findProgram([program])));
  const missing = programs.map(([name]) => name).filter((_, index) => found[index] === undefined);
  if (missing.length === 0 || process.getuid?.() !== 0 || !(await isDebian())) return;
  console.log(`Installing ${missing.join(', ')}…`);
  if (!(await installPackages(missing))) console.log(`apt-get could not install all of ${missing.join(', ')}.`);
}

const POLICY = '/usr/sbin/policy-rc.d';

/** Of the packages below: what apt would start now and at each boot. */
const SERVICES = {
  'openssh-server': ['ssh.service', 'ssh.socket'],
  munge: ['munge.service'],
  slurmctld: ['slurmctld.service'],
  slurmd: ['slurmd.service'],
};

/** What the tests of hosts need. Where a group cannot be had, its tests say so. */
const HOST_PROGRAMS = [
  { sshd: 'openssh-server', tcsh: 'tcsh', fish: 'fish' },
  { munged: 'munge', slurmctld: 'slurmctld', slurmd: 'slurmd', sbatch: 'slurm-client' },
];

/** Installs them by apt for root on Debian, which starts none of them. */
export async function installHostPrograms() {
  for (const packages of HOST_PROGRAMS) {
    const names = Object.keys(packages);
    const found = await Promise.all(names.map(async (name) => await findProgram([name])));
    const missing = names.filter((_, index) => found[index] === undefined).map((name) => packages[name]);
    if (missing.length === 0 || process.getuid?.() !== 0 || !(await isDebian())) continue;
    console.log(`Installing ${missing.join(', ')}…`);
    if (!(await installStopped(missing))) console.log(`apt-get could not install ${missing.join(', ')}.`);
  }
}

/** As `installPackages`, and their services are not started. */
async function installStopped(names) {
  const isOurs = await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 }).then(
    () => true,
    () => false, // there is one
  );
  try {
    if (!(await installPackages(names))) return false;
    const services = names.flatMap((name) => SERVICES[name] ?? []);
    if (services.length > 0 && (await findProgram(['systemctl'])) !== undefined)
      await run('systemctl', ['disable', '--quiet', ...services]);
    return true;
  } finally {
    if (isOurs) await rm(POLICY);
  }
}

/** For root on Debian. @returns {Promise<boolean>} whether they are installed */
async function installPackages(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if ((await run('apt-get', ['update', '-qq'], { env })) !== 0) return false;
  return (await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env })) === 0;
}

/** Tells test/support where the host is; either part may be left out. */
export async function writeHostFile(host) {
  await mkdir(cacheDirectory, { recursive: true });
  const path = join(cacheDirectory, 'host.json');
  await writeFile(`${path}.${process.pid}`, JSON.stringify(host));
  await rename(`${path}.${process.pid}`, path);
}

/** Packs the built extension and installs it once for all servers that use this folder. Needs the host's file. */
export async function installExtension(directory = join(root, 'out/extensions')) {
  const vsix = join(root, 'out/corral.vsix');
  await runOrThrow(process.execPath, [join(import.meta.dirname, 'package.mjs'), '--built', vsix]);
  await rm(directory, { recursive: true, force: true });
  const { VscodeServer } = await import('../out/support/vscode/vscodeServer.js');
  await VscodeServer.install(vsix, directory);
}

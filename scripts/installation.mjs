/**
 * Brings what the project needs from the package registry, so that every npm script works as the first command in a fresh clone.
 * Depends on nothing but Node 20's own modules. Run by itself, it installs and returns.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
/** Whatever is installed besides node_modules: VS Code's server, a Node where npm brought none. Ignored by git. */
export const cacheDirectory = join(root, '.vscode-test');
const windows = process.platform === 'win32';

/**
 * Runs a program to its end with this process's terminal. Signals go to it first: this process ends only after it.
 * @param {string} file @param {string[]} parameters @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Promise<number>} its exit code; 128 + the signal's number where a signal ended it
 */
export function run(file, parameters, { cwd = root, env = process.env } = {}) {
  return new Promise((fulfil, reject) => {
    const child = spawn(file, parameters, { cwd, env, stdio: 'inherit' });
    // Ctrl+C reaches the whole process group; only a signal for this process alone has to be handed on.
    const forward = (signal) => void child.kill(signal);
    const wait = () => undefined;
    process.on('SIGINT', wait).on('SIGTERM', forward).on('SIGHUP', forward);
    const release = () => process.off('SIGINT', wait).off('SIGTERM', forward).off('SIGHUP', forward);
    child.once('error', (error) => {
      release();
      reject(error);
    });
    child.once('close', (code, signal) => {
      release();
      fulfil(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
}

/** As `run`, but anything other than success is an error. */
export async function runOrThrow(file, parameters, options) {
  const code = await run(file, parameters, options);
  if (code !== 0) throw new Error(`${[file, ...parameters].join(' ')} ended with exit code ${code}`);
}

/** Runs npm without a shell: as the npm that started this script, else as the one beside this Node, else by name. */
export async function npm(parameters, options) {
  const beside = windows
    ? join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js')
    : join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const program = [process.env['npm_execpath'], beside].find((path) => path?.endsWith('.js') && existsSync(path));
  if (program !== undefined) await runOrThrow(process.execPath, [program, ...parameters], options);
  else await runOrThrow('npm', parameters, options);
}

/** Installs packages into a folder of their own, without their install scripts. What was there before is removed. */
export async function installInto(directory, packages) {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{"private":true}\n'); // npm takes the nearest folder with a package.json as its own
  await npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
    cwd: directory,
  });
}

async function readJson(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** npm writes node_modules/.package-lock.json as the last step of an installation: what it names is there. */
async function matchesLock(lock) {
  const installed = await readJson(join(root, 'node_modules/.package-lock.json'));
  if (installed === undefined) return false;
  return Object.entries(lock.packages).every(
    ([path, entry]) => path === '' || entry.optional === true || installed.packages[path]?.version === entry.version,
  );
}

/** Node of the locked version. Its package links the program by an install script, which npm may have been told not to run. */
async function locateNode(version) {
  const program = join(root, 'node_modules/node/bin', windows ? 'node.exe' : 'node');
  if (existsSync(program)) return program;
  const platform = windows ? 'win' : process.platform;
  const name = `${platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${process.arch}`;
  const directory = join(cacheDirectory, `node-${version}`);
  await installInto(directory, [`${name}@${version}`]);
  await mkdir(dirname(program), { recursive: true });
  await copyFile(join(directory, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node'), `${program}.part`);
  await chmod(`${program}.part`, 0o755);
  await rename(`${program}.part`, program);
  return program;
}

/** Installs what is missing or outdated. @returns {Promise<string>} the path of the Node that the project's tools run on */
export async function install() {
  const lock = await readJson(join(root, 'package-lock.json'));
  if (lock === undefined) throw new Error('package-lock.json is missing or torn');
  if (!(await matchesLock(lock))) {
    console.log('Installing packages…');
    await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  return await locateNode(lock.packages['node_modules/node'].version);
}

/** Installs, and goes on only in the project's own Node: otherwise runs the script again in it and exits with its code. */
export async function enterProjectNode(script) {
  const program = await install();
  const { version } = await readJson(join(root, 'node_modules/node/package.json'));
  if (process.version === `v${version}`) return;
  process.exit(await run(program, [script, ...process.argv.slice(2)]));
}

if (process.argv[1] === import.meta.filename) await install();

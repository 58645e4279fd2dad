/**
 * Installs what the project needs, so that every npm script works as the first command in a fresh clone.
 * Therefore it uses nothing but Node 20's own modules.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
/** Everything that is installed besides node_modules, such as VS Code's server. Git ignores it. */
export const cacheDirectory = join(root, '.vscode-test');
const windows = process.platform === 'win32';

/**
 * Runs a program to its end in this terminal. Signals go to the program first; this process ends after it.
 * @param {string} file @param {string[]} parameters @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Promise<number>} its exit code; 128 + the signal's number where a signal ended it
 */
export function run(file, parameters, { cwd = root, env = process.env } = {}) {
  return new Promise((fulfil, reject) => {
    const child = spawn(file, parameters, { cwd, env, stdio: 'inherit' });
    // Ctrl+C reaches the whole process group; a signal for this process alone must be passed on.
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

/** Like `run`, but throws unless the program succeeds. */
export async function runOrThrow(file, parameters, options) {
  const code = await run(file, parameters, options);
  if (code !== 0) throw new Error(`${[file, ...parameters].join(' ')} ended with exit code ${code}`);
}

/** Runs npm without a shell: the npm that started this script, or the one beside this Node, or by name. */
export async function npm(parameters, options) {
  const beside = windows
    ? join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js')
    : join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const program = [process.env['npm_execpath'], beside].find((path) => path?.endsWith('.js') && existsSync(path));
  if (program !== undefined) await runOrThrow(process.execPath, [program, ...parameters], options);
  else await runOrThrow('npm', parameters, options);
}

/** Replaces a folder by an installation of these packages, without running their install scripts. */
export async function installInto(directory, packages) {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  // npm installs into the nearest folder that has a package.json.
  await writeFile(join(directory, 'package.json'), '{"private":true}\n');
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

/** True where all is installed: npm writes node_modules/.package-lock.json as its last step. */
async function matchesLock(lock) {
  const installed = await readJson(join(root, 'node_modules/.package-lock.json'));
  if (installed === undefined) return false;
  return Object.entries(lock.packages).every(
    ([path, entry]) => path === '' || entry.optional === true || installed.packages[path]?.version === entry.version,
  );
}

/** Finds Node of the locked version. Its package links the program by an install script, which npm may have skipped. */
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

/** Installs what is missing or outdated. @returns {Promise<string>} the path of the project's own Node */
export async function install() {
  const lock = await readJson(join(root, 'package-lock.json'));
  if (lock === undefined) throw new Error('package-lock.json is missing or torn');
  if (!(await matchesLock(lock))) {
    console.log('Installing packages…');
    await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  return await locateNode(lock.packages['node_modules/node'].version);
}

/** Installs; where this is not the project's own Node, runs the script again in that and exits with its code. */
export async function enterProjectNode(script) {
  const program = await install();
  const { version } = await readJson(join(root, 'node_modules/node/package.json'));
  if (process.version === `v${version}`) return;
  process.exit(await run(program, [script, ...process.argv.slice(2)]));
}

if (process.argv[1] === import.meta.filename) await install();

/** Repositories as nobody would make them on purpose. */
import { execFile } from 'node:child_process';
import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Random } from '../../../../support/random';
import { CANARY, EXCLUDES, ATTRIBUTES, SETTINGS } from './randomSettings';

const run = promisify(execFile);

const FOLDERS = [
  'src',
  'src/deep/er',
  'data',
  'data/keep',
  'build',
  'out',
  'with space',
  '-dash',
  '\xc3\xa9mpty',
  'sub',
];
const NAMES = [
  ...['plain.txt', 'other.txt', 'UPPER.TXT', 'upper.txt', 'Makefile', '.hidden', 'a.csv', 'b.log', 'id.id', 'e.enc'],
  ...['secret.key', 'big.bin', 'x.keep', 'package.json', 'with space.txt', 'new\nline.txt', '-dash.txt', '--help'],
  ...['caf\xc3\xa9.txt', 'cafe\xcc\x81.txt', '\xff\xfe.bin', 'quo"te', 'back\\slash', 'tab\t', ':(top)x', '*.txt'],
  ...[
    '[x]',
    '!bang',
    '#hash',
    ' lead',
    'trail ',
    'git~1',
    'CON',
    'a.obj',
    'local.env',
    'only-root',
    '.worktreeinclude',
  ],
];
const MODES = [0o644, 0o644, 0o644, 0o755, 0o600, 0o444, 0o777, 0o4755, 0o2755];

/** A repository and what was done to it, in words. */
export interface RandomRepository {
  path: string;
  /** What makes it unusual. */
  features: string[];
}

/** Runs git as a careful person does: nothing that the repository names is run. */
export async function carefulGit(folder: string, ...parameters: string[]): Promise<string> {
  const settings = [
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['core.safecrlf', 'false'],
    ...['canary', 'lfs'].flatMap((filter) =>
      ['clean', 'smudge', 'process'].map((name) => [`filter.${filter}.${name}`, '']),
    ),
    ['filter.canary.required', 'false'],
    ['commit.gpgSign', 'false'],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['user.name', 'Robin'],
    ['user.email', 'robin@example.com'],
    ['extensions.partialClone', ''],
  ];
  const environment = Object.fromEntries(
    settings.flatMap(([key = '', value = ''], index) => [
      [`GIT_CONFIG_KEY_${String(index)}`, key],
      [`GIT_CONFIG_VALUE_${String(index)}`, value],
    ]),
  );
  const { stdout } = await run('git', parameters, {
    cwd: folder,
    encoding: 'latin1',
    env: {
      ...process.env,
      ...environment,
      GIT_CONFIG_COUNT: String(settings.length),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    },
  });
  return stdout;
}

/** Makes a repository in `folder`; `canary` is the program that must never run. */
export async function makeRandomRepository(random: Random, folder: string, canary: string): Promise<RandomRepository> {
  const features: string[] = [];
  const has = (chance: number, feature: string): boolean => {
    const isSo = random.next() < chance;
    if (isSo) features.push(feature);
    return isSo;
  };
  const format = has(0.15, 'SHA-256') ? 'sha256' : 'sha1';
  let path = `${folder}/repository`;
  mkdirSync(path);
  await carefulGit(path, 'init', '--quiet', '--initial-branch=main', `--object-format=${format}`);
  writeFiles(random, path, 4 + random.below(8));
  writeRules(random, path, `${path}/.git`, features);
  await carefulGit(path, 'add', '--all', '--ignore-errors').catch(() => undefined); // of names that git refuses
  if (has(0.08, 'submodule')) await addSubmodule(random, folder, path, format);
  await carefulGit(path, 'commit', '--quiet', '--allow-empty', '--message=first');
  if (has(0.1, 'shallow')) {
    await carefulGit(path, 'commit', '--quiet', '--allow-empty', '--message=second');
    await carefulGit(folder, 'clone', '--quiet', '--depth=1', `file://${path}`, 'shallow');
    path = `${folder}/shallow`;
  }
  if (has(0.5, 'settings of before')) writeSettings(random, `${path}/.git/config`, canary, features);
  if (has(0.1, 'split index')) await carefulGit(path, 'update-index', '--split-index');
  writeFiles(random, path, random.below(3));
  return { path, features };
}

/** Works in a session's worktree as an agent may. */
export async function workAtRandom(
  random: Random,
  worktree: string,
  gitDirectory: string,
  canary: string,
  features: string[],
): Promise<void> {
  const has = (chance: number, feature: string): boolean => {
    const isSo = random.next() < chance;
    if (isSo) features.push(feature);
    return isSo;
  };
  const commonDirectory = `${gitDirectory}/../..`;
  if (has(0.1, 'sparse'))
    await carefulGit(worktree, 'sparse-checkout', 'set', '--no-cone', '/*', '!/src/', '!*.bin').catch(() => undefined);
  if (features.includes('submodule'))
    await carefulGit(worktree, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init');
  if (features.includes('submodule') && has(0.5, 'changed in the submodule'))
    writeFiles(random, `${worktree}/module`, 2);
  const tracked = (await carefulGit(worktree, 'ls-files', '-z')).split('\0').filter((name) => name !== '');
  writeFiles(random, worktree, 2 + random.below(8));
  for (const name of tracked) {
    if (random.next() > 0.3) continue;
    const file = bytes(worktree, name);
    const kind = random.below(5);
    if (!isThere(file)) continue;
    if (kind < 3) rmSync(file, { force: true, recursive: true });
    if (kind === 0) writeContent(random, file);
    else if (kind === 1) symlinkSync('plain.txt', file);
    else if (kind === 2) mkdirSync(file);
    else if (!lstatSync(file).isSymbolicLink()) chmodSync(file, random.pick(MODES));
  }
  if (has(0.3, 'staged')) await carefulGit(worktree, 'add', '--all', '--', '.').catch(() => undefined);
  if (has(0.2, 'committed'))
    await carefulGit(worktree, 'commit', '--quiet', '--all', '--message=agent').catch(() => undefined);
  if (has(0.2, 'flags'))
    for (const flag of ['--assume-unchanged', '--skip-worktree'])
      for (const name of tracked.slice(0, 1 + random.below(3)))
        await carefulGit(worktree, 'update-index', flag, '--', Buffer.from(name, 'latin1').toString('utf8')).catch(
          () => undefined,
        );
  if (has(0.3, 'rules of the session')) writeRules(random, worktree, commonDirectory, features);
  if (has(0.15, 'nested repository')) await nestRepository(random, worktree);
  if (has(0.15, 'special files')) await writeSpecialFiles(random, worktree);
  if (has(0.1, 'alternates')) mkdirSync(`${commonDirectory}/objects/info`, { recursive: true });
  if (has(0.6, 'settings of the session')) writeSettings(random, `${commonDirectory}/config`, canary, features);
  if (has(0.15, 'core.worktree elsewhere')) {
    await carefulGit(worktree, 'config', 'extensions.worktreeConfig', 'true');
    writeFileSync(`${gitDirectory}/config.worktree`, `[core]\n\tworktree = ${worktree}/../elsewhere\n`);
  }
}

function bytes(folder: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
}

function isThere(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Writes some files and links, where nothing is in their way. */
function writeFiles(random: Random, folder: string, count: number): void {
  for (let index = 0; index < count; index++) {
    const name = random.pick(NAMES);
    const inside = random.next() < 0.4 ? '' : `${random.pick(FOLDERS)}/`;
    try {
      if (inside !== '') mkdirSync(bytes(folder, inside), { recursive: true });
      const file = bytes(folder, inside + name);
      const kind = random.next();
      if (kind < 0.1) {
        rmSync(file, { recursive: true, force: true });
        symlinkSync(random.pick(['plain.txt', '../..', '/etc/hostname', 'nowhere', 'src']), file);
      } else {
        writeContent(random, file);
        if (kind < 0.4) chmodSync(file, random.pick(MODES));
      }
    } catch {
      // There is a file where the folder should be, or a link out of the repository.
    }
  }
}

function writeContent(random: Random, file: Buffer): void {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) return;
  if (stats !== undefined) rmSync(file);
  const noise = Buffer.from(Array.from({ length: 1 + random.below(200) }, () => random.below(256)));
  writeFileSync(
    file,
    random.pick([
      Buffer.from(''),
      Buffer.from(`line ${String(random.below(1000))}\nnext\n`),
      Buffer.from(`line\r\n${String(random.below(1000))}\r\n`),
      Buffer.from(`mixed\r\n${String(random.below(1000))}\nno end`),
      Buffer.from(`$Id$ ${String(random.below(1000))}\n`),
      Buffer.from('\ufeffwide\r\n', 'utf16le'),
      noise,
      Buffer.concat([noise, Buffer.alloc(20_000, 'a\r\nb\n')]),
    ]),
  );
}

/** Attributes and excludes at all levels. */
function writeRules(random: Random, folder: string, commonDirectory: string, features: string[]): void {
  const lines = (choices: readonly string[]): string =>
    Array.from({ length: 1 + random.below(4) }, () => `${random.pick(choices)}\n`).join('');
  const places: [name: string, chance: number, file: string, choices: readonly string[]][] = [
    ['.gitignore', 0.6, `${folder}/.gitignore`, EXCLUDES],
    ['nested .gitignore', 0.3, `${folder}/data/.gitignore`, EXCLUDES],
    ['info/exclude', 0.3, `${commonDirectory}/info/exclude`, EXCLUDES],
    ['.gitattributes', 0.5, `${folder}/.gitattributes`, ATTRIBUTES],
    ['nested .gitattributes', 0.2, `${folder}/src/.gitattributes`, ATTRIBUTES],
    ['info/attributes', 0.3, `${commonDirectory}/info/attributes`, ATTRIBUTES],
  ];
  for (const [name, chance, file, choices] of places) {
    if (random.next() > chance) continue;
    try {
      mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
      writeFileSync(file, lines(choices), { flag: name.startsWith('info/') ? 'a' : 'w' });
      features.push(name);
    } catch {
      // There is a file where the folder should be.
    }
  }
}

function writeSettings(random: Random, file: string, canary: string, features: string[]): void {
  const count = 1 + random.below(6);
  let text = '';
  for (let index = 0; index < count; index++) {
    const [section, key, value] = random.pick(SETTINGS);
    text += `[${section}]\n\t${key} = "${value.replaceAll(CANARY, canary)}"\n`;
    features.push(`${section.replaceAll('"', '').replace(' ', '.')}.${key}=${value}`);
  }
  writeFileSync(file, text, { flag: 'a' });
}

async function nestRepository(random: Random, worktree: string): Promise<void> {
  const nested = `${worktree}/nested${String(random.below(3))}`;
  mkdirSync(nested, { recursive: true });
  await carefulGit(nested, 'init', '--quiet');
  writeFiles(random, nested, 2);
  if (random.next() < 0.5) return;
  await carefulGit(nested, 'add', '--all').catch(() => undefined);
  await carefulGit(nested, 'commit', '--quiet', '--allow-empty', '--message=nested');
}

async function writeSpecialFiles(random: Random, worktree: string): Promise<void> {
  const empty = `${worktree}/empty ${String(random.below(9))}`;
  mkdirSync(`${empty}/inside`, { recursive: true });
  chmodSync(empty, random.pick([0o755, 0o700, 0o775]));
  const file = readdirSync(worktree, { encoding: 'buffer' })
    .map((name) => name.toString('latin1'))
    .find((name) => name !== '.git' && lstatSync(bytes(worktree, name)).isFile());
  if (file !== undefined) linkSync(bytes(worktree, file), `${worktree}/hard link ${String(random.below(1000))}`);
  if (random.next() < 0.5) await run('mkfifo', [`${worktree}/pipe`]);
}

async function addSubmodule(random: Random, folder: string, path: string, format: string): Promise<void> {
  const inner = `${folder}/inner`;
  mkdirSync(inner);
  await carefulGit(inner, 'init', '--quiet', '--initial-branch=main', `--object-format=${format}`);
  writeFiles(random, inner, 3);
  await carefulGit(inner, 'add', '--all', '--ignore-errors').catch(() => undefined);
  await carefulGit(inner, 'commit', '--quiet', '--allow-empty', '--message=inner');
  await carefulGit(path, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', '--force', inner, 'module');
}

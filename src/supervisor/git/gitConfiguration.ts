/** What an agent could change in a repository and its submodules for others: settings, hooks and files. Runs no git. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isInside } from '../../common/isInside';

/** Files beside the settings that decide what git reads, hides or runs. */
const TELLING_FILES = ['info/attributes', 'info/exclude', 'info/grafts', 'objects/info/alternates'];
/** Corral writes this one itself. */
const OWN_EXCLUDE = /^\/\.corral\/\r?$/m;
const MAX_SUBMODULES = 200;
const MAX_DEPTH = 8;
/** Of a larger file only the size and the time are compared. */
const MAX_FILE_BYTES = 1024 * 1024;

/** One git directory with what it configures. */
export interface ConfiguredDirectory {
  /** The bytes of each file of settings; none where it is missing. */
  settings: readonly Buffer[];
  /** What else counts, such as `the hook pre-commit` → a value that changes with its content. */
  marks: ReadonlyMap<string, string>;
}

/** What a repository configures at one moment, to be compared with a later one. */
export interface GitConfiguration {
  /** Differs after every change of it. */
  stamp: string;
  /** By a name for people: '' for the repository itself, else that of a submodule. */
  directories: ReadonlyMap<string, ConfiguredDirectory>;
}

/** @param administrativeDirectory git's folder of the worktree at `worktreePath` */
export async function readConfiguration(
  administrativeDirectory: string,
  worktreePath: string,
): Promise<GitConfiguration> {
  const common = dirname(dirname(administrativeDirectory));
  const own = await readDirectory(common, [
    join(common, 'config.worktree'),
    join(administrativeDirectory, 'config.worktree'),
  ]);
  const link = join(worktreePath, '.git');
  const places: [string, string][] = [
    ['the worktree’s file .git', link],
    ['the worktree’s file commondir', join(administrativeDirectory, 'commondir')],
  ];
  const marks = await Promise.all(places.map(async ([name, path]) => [name, await contentMark(path)] as const));
  const directories = new Map<string, ConfiguredDirectory>([
    ['', { ...own, marks: new Map([...own.marks, ...marks]) }],
  ]);
  for (const [name, directory] of await submoduleDirectories([common, administrativeDirectory], worktreePath))
    directories.set(name, await readDirectory(directory, [join(directory, 'config.worktree')]));
  const stamp = createHash('sha256');
  for (const [name, { settings, marks: each }] of directories) {
    stamp.update(JSON.stringify([name, [...each]]));
    for (const content of settings) stamp.update(`${content.length} `).update(content);
  }
  return { stamp: stamp.digest('hex'), directories };
}

async function readDirectory(directory: string, moreSettings: readonly string[]): Promise<ConfiguredDirectory> {
  const files = [join(directory, 'config'), ...moreSettings];
  const settings = await Promise.all(files.map(async (file) => await readFile(file).catch(() => Buffer.alloc(0))));
  const hooks = (await readdir(join(directory, 'hooks')).catch(() => []))
    .filter((name) => !name.endsWith('.sample'))
    .sort();
  const marks = await Promise.all([
    ...hooks.map(async (name) => [`the hook ${name}`, await stampOf(join(directory, 'hooks', name))] as const),
    ...TELLING_FILES.map(async (name) => [`the file ${name}`, await contentMark(join(directory, name))] as const),
  ]);
  return { settings, marks: new Map(marks.filter(([, mark]) => mark !== '')) };
}

/** The git directories of submodules, also of those inside of others: git's own ones, and folders named `.git`. */
async function submoduleDirectories(parents: readonly string[], worktreePath: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const visit = async (folder: string, name: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH || found.size >= MAX_SUBMODULES) return;
    const isGitDirectory = await lstat(join(folder, 'HEAD')).then(
      () => true,
      () => false,
    );
    if (isGitDirectory) {
      found.set(found.has(name) ? `${name} (${folder})` : name, folder);
      await visit(join(folder, 'modules'), name, depth + 1);
      return;
    }
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory())
        await visit(join(folder, entry.name), `${name}/${entry.name}`.replace(/^\//, ''), depth + 1);
  };
  for (const parent of parents) await visit(join(parent, 'modules'), '', 0);
  const modules = await readFile(join(worktreePath, '.gitmodules'), 'utf8').catch(() => '');
  for (const [, path = ''] of modules.matchAll(/^\s*path\s*=\s*"?([^"\r\n]+?)"?\s*$/gm)) {
    const folder = resolve(worktreePath, path);
    const directory = join(folder, '.git');
    if (found.size >= MAX_SUBMODULES || !isInside(folder, worktreePath)) continue;
    const name = relative(worktreePath, directory).split(sep).join('/');
    if ((await lstat(directory).catch(() => undefined))?.isDirectory() === true) found.set(name, directory);
  }
  return found;
}

/** Differs after every write. */
async function stampOf(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined ? '' : `${String(stats.ctimeMs)},${String(stats.size)}`;
}

/** '' where the file is missing, or says nothing. */
async function contentMark(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile() !== true) return stats === undefined ? '' : 'no file';
  if (stats.size > MAX_FILE_BYTES) return await stampOf(path);
  const text = (await readFile(path, 'latin1').catch(() => '')).replace(OWN_EXCLUDE, '');
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.length === 0 ? '' : createHash('sha256').update(lines.join('\n')).digest('hex');
}

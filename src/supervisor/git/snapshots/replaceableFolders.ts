/** Folders that a tool fills again from a file of the repository, so that they may go with a worktree. */
import type { IsolatedGit } from '../isolated/isolatedGit';
import { lstat, open, readdir } from 'node:fs/promises';
import { addFoldersAbove, encodePaths, pathFromBytes, pathToText, splitZ } from '../pathBytes';
import type { WorktreeFolder } from '../sessionWorktree';
import { mapLimited } from '../../../common/mapLimited';

const FOLDERS_AT_ONCE = 8;

/** `beside` is in the folder above, `inside` in the folder itself. A `*` stands for any characters. */
interface Manifest {
  beside?: readonly string[];
  inside?: readonly string[];
}

/** Tools write it into folders that hold nothing else than a cache (https://bford.info/cachedir/). */
const CACHE_TAG = 'CACHEDIR.TAG';
const CACHE_TAG_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

const NODE: Manifest = { beside: ['package.json'] };
const PYTHON_ENVIRONMENT: Manifest = { inside: ['pyvenv.cfg'] };
const CACHE: Manifest = { inside: [CACHE_TAG] };
const DOTNET: Manifest = { beside: ['*.csproj', '*.fsproj', '*.vbproj'] };
const GRADLE: Manifest = { beside: ['build.gradle', 'build.gradle.kts', 'settings.gradle', 'settings.gradle.kts'] };

/** Only what a tool owns as a whole. Into `dist`, `out` or `coverage` people write by hand as well. */
const MANIFESTS: Readonly<Record<string, Manifest>> = {
  node_modules: NODE,
  bower_components: { beside: ['bower.json'] },
  '.next': { beside: ['next.config.*'] },
  '.nuxt': { beside: ['nuxt.config.*'] },
  '.svelte-kit': { beside: ['svelte.config.*'] },
  '.angular': { beside: ['angular.json'] },
  '.turbo': { beside: ['turbo.json', 'package.json'] },
  '.parcel-cache': NODE,
  target: { beside: ['Cargo.toml', 'pom.xml', 'build.sbt'] },
  '.gradle': GRADLE,
  obj: DOTNET,
  venv: PYTHON_ENVIRONMENT,
  '.venv': PYTHON_ENVIRONMENT,
  env: PYTHON_ENVIRONMENT,
  '.tox': { beside: ['tox.ini', 'pyproject.toml', 'setup.cfg'] },
  '.nox': { beside: ['noxfile.py'] },
  __pycache__: { beside: ['*.py'] },
  '.mypy_cache': CACHE,
  '.pytest_cache': CACHE,
  '.ruff_cache': CACHE,
  vendor: { beside: ['composer.json'] },
  Pods: { beside: ['Podfile'] },
  '.dart_tool': { beside: ['pubspec.yaml'] },
  _build: { beside: ['mix.exs'] },
  deps: { beside: ['mix.exs'] },
  'elm-stuff': { beside: ['elm.json'] },
  '.stack-work': { beside: ['stack.yaml'] },
  'dist-newstyle': { beside: ['*.cabal', 'cabal.project'] },
  '.zig-cache': { beside: ['build.zig'] },
};

/**
 * The folders of a worktree that may go without a snapshot, as bytes and without a slash at the end. Git ignores them
 * and tracks nothing in them, and their tool's manifest is there.
 */
export async function findReplaceableFolders(
  git: IsolatedGit,
  { path: worktreePath, signal }: WorktreeFolder,
): Promise<string[]> {
  const candidates: string[] = [];
  for (let level = ['']; level.length > 0;) {
    const below = await mapLimited(level, FOLDERS_AT_ONCE, async (parent) => {
      signal?.throwIfAborted();
      return await lookInto(worktreePath, parent);
    });
    level = below.flatMap(({ others }) => others);
    candidates.push(...below.flatMap(({ replaceable }) => replaceable));
  }
  if (candidates.length === 0) return [];
  const tracked = splitZ((await git.run(['ls-files', '-z', '--cached'])).stdout);
  const ignored = await findIgnored(
    git,
    candidates.map((path) => `${path}/`),
  );
  const holding = new Set<string>();
  for (const path of tracked) addFoldersAbove(path, holding);
  return candidates.filter((path) => ignored.has(`${path}/`) && !holding.has(path));
}

/** Those of the paths that git ignores. A folder's path ends in a slash. */
export async function findIgnored(git: IsolatedGit, paths: readonly string[]): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  const { stdout } = await git.run(['check-ignore', '-z', '--stdin', '--no-index'], {
    input: encodePaths(paths),
    acceptedExitCodes: [0, 1], // 1: none of them
  });
  return new Set(splitZ(stdout));
}

async function lookInto(worktreePath: string, parent: string): Promise<{ replaceable: string[]; others: string[] }> {
  const found: { replaceable: string[]; others: string[] } = { replaceable: [], others: [] };
  const entries = await readdir(pathFromBytes(worktreePath, parent), {
    withFileTypes: true,
    encoding: 'buffer',
  }).catch(() => []); // what cannot be read is told where it is captured
  // A repository of its own is looked at by itself.
  if (parent !== '' && entries.some(({ name }) => name.toString('latin1') === '.git')) return found;
  const names = entries.map(({ name }) => pathToText(name.toString('latin1')));
  for (const [index, entry] of entries.entries()) {
    const name = names[index] ?? '';
    if (!entry.isDirectory() || name === '.git') continue;
    const path = `${parent === '' ? '' : `${parent}/`}${entry.name.toString('latin1')}`;
    const manifest = Object.hasOwn(MANIFESTS, name) ? MANIFESTS[name] : undefined;
    const isReplaceable = manifest !== undefined && (await hasManifest(worktreePath, path, names, manifest));
    (isReplaceable ? found.replaceable : found.others).push(path);
  }
  return found;
}

async function hasManifest(
  worktreePath: string,
  path: string,
  namesBeside: readonly string[],
  { beside = [], inside = [] }: Manifest,
): Promise<boolean> {
  if (beside.some((pattern) => namesBeside.some((name) => matches(name, pattern)))) return true;
  for (const name of inside) {
    const file = pathFromBytes(worktreePath, `${path}/${name}`);
    if ((await lstat(file).catch(() => undefined))?.isFile() !== true) continue;
    if (name !== CACHE_TAG || (await readStart(file)).startsWith(CACHE_TAG_SIGNATURE)) return true;
  }
  return false;
}

function matches(name: string, pattern: string): boolean {
  const [start = '', end] = pattern.split('*');
  return end === undefined ? name === start : name.startsWith(start) && name.endsWith(end);
}

async function readStart(file: string | Buffer): Promise<string> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(CACHE_TAG_SIGNATURE.length));
  return buffer.toString('latin1', 0, bytesRead);
}

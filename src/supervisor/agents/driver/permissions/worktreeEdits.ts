/** Whether an edit may go ahead without a person: only ordinary files of the worktree, wherever their paths lead. */
import { stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { isInside } from '../../../../common/isInside';
import { settledWithin } from '../../../../common/settledWithin';
import { realAncestor } from '../../../../common/realAncestor';

/**
 * Folders of which git, the editor, an agent or a hook runs or trusts what is in them. Their names are enough, wherever
 * in the worktree they lie.
 */
export const PROTECTED_FOLDERS: readonly string[] = [
  ...['.git', '.corral', '.vscode', '.idea', '.zed', '.devcontainer', '.husky', '.githooks'],
  ...['.claude', '.codex', '.gemini', '.opencode', '.goose', '.cursor', '.agents'],
];
/** Files that are run or trusted unopened: hooks, environments, package managers, what agents read at their start. */
export const PROTECTED_FILES: readonly string[] = [
  ...[
    '.gitmodules',
    '.worktreeinclude',
    '.envrc',
    'mise.toml',
    '.mise.toml',
    '.mcp.json',
    'opencode.json',
    '.goosehints',
  ],
  ...['lefthook.yml', '.pre-commit-config.yaml', '.npmrc', '.yarnrc', '.yarnrc.yml', '.pnpmfile.cjs', 'bunfig.toml'],
];
const WORKSPACE_FILE = /\.code-workspace$/;
/** A disk that does not answer must not hold the agent: then a person is asked. */
const LOOK_LIMIT_MS = 5_000;

/** Never rejects. `paths` are as the agent wrote them, relative ones to `cwd`, which is `worktree` or lies in it. */
export async function areWorktreeEdits(paths: readonly string[], cwd: string, worktree: string): Promise<boolean> {
  if (paths.length === 0) return false;
  const looks = Promise.all(paths.map(async (path) => await isWorktreeFile(path, cwd, worktree)));
  const answer = looks.then((each) => each.every(Boolean)).catch(() => false);
  return (await settledWithin(answer, LOOK_LIMIT_MS)) && (await answer);
}

async function isWorktreeFile(path: string, cwd: string, worktree: string): Promise<boolean> {
  if (!isPlainPath(path)) return false;
  const named = resolve(cwd, path);
  if (!isOrdinary(named, worktree)) return false;
  const [real, root] = await Promise.all([realAncestor(named), realAncestor(worktree)]);
  if (real === undefined || root === undefined || !isOrdinary(real, root)) return false;
  const stats = await stat(real).catch(() => undefined);
  // A second hard link may lie anywhere.
  return stats === undefined || (stats.isFile() && stats.nlink < 2);
}

/** False for what a program may read as another path than this one: a home folder, a URI, another form of a name. */
function isPlainPath(path: string): boolean {
  if (path === '' || path.includes('\0') || /^~|^[a-z][a-z\d+.-]+:/i.test(path)) return false;
  if (path.split(/[\\/]/).includes('..')) return false;
  if (process.platform !== 'win32') return !path.includes('\\');
  // Other drives and servers, streams of a file, names that end in what Windows drops, and short names such as GIT~1.
  return !/^\\\\|^\/\/|^[a-z]:(?![\\/])/i.test(path) && !/:/.test(path.slice(2)) && !/[. ](?:[\\/]|$)|~\d/.test(path);
}

/** True for a path below the worktree that nothing runs or trusts. On some disks names differ in case or form alone. */
function isOrdinary(path: string, root: string): boolean {
  const way = relative(root, path);
  if (way === '' || isAbsolute(way) || !isInside(path, root)) return false;
  const names = way.split(/[\\/]/).map((name) =>
    name
      .normalize('NFKC')
      .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
      .toLowerCase(),
  );
  const file = names.at(-1) ?? '';
  return (
    !names.some((name) => PROTECTED_FOLDERS.includes(name)) &&
    !PROTECTED_FILES.includes(file) &&
    !WORKSPACE_FILE.test(file)
  );
}

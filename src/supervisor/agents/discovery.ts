/** Finds an agent's program by looking at files: nothing is started. */
import { readFile, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { foldersOnPath, isProgramFile, variableOf } from '../../common/processes/programFile';

export interface FoundProgram {
  /** Absolute path. */
  program: string;
  /** Come before all other arguments: the script, where `program` is its interpreter. */
  programArguments: string[];
}

export interface ProgramSearch {
  /** An absolute path, one that starts with `~/`, or a name to look up. */
  program: string;
  /** `PATH` and, on Windows, `PATHEXT` and `APPDATA` are read from it. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Folders in which a program that is not on PATH is looked for; the usual ones where absent. */
  folders?: readonly string[];
}

const isWindows = process.platform === 'win32';

/** The program; undefined where there is none. A name is looked up on PATH, then where installers put agents. */
export async function findProgram(search: ProgramSearch): Promise<FoundProgram | undefined> {
  const program =
    search.program.startsWith('~/') || search.program.startsWith('~\\')
      ? join(homedir(), search.program.slice(2))
      : search.program;
  const extensions = isWindows
    ? ['', ...(variableOf(search.environment, 'PATHEXT') ?? '.COM;.EXE;.BAT;.CMD').split(';')]
    : [''];
  if (isAbsolute(program)) return firstOf([program], extensions, search);
  // A relative path would depend on the folder that the editor was started in.
  if (program === '' || /[\\/]/.test(program)) return undefined;
  const folders = [
    ...foldersOnPath(search.environment),
    ...(search.folders ?? (await usualFolders(search.environment))),
  ];
  return firstOf(
    folders.map((folder) => join(folder, program)),
    extensions,
    search,
  );
}

async function usualFolders(environment: ProgramSearch['environment']): Promise<string[]> {
  const home = homedir();
  const applicationData = variableOf(environment, 'APPDATA');
  const own = [
    join(home, '.local', 'bin'),
    join(home, '.claude', 'local'),
    join(home, '.npm-global', 'bin'),
    join(home, '.bun', 'bin'),
    ...(await versionManagerFolders(home)),
  ];
  return isWindows
    ? [...own, ...(applicationData === undefined ? [] : [join(applicationData, 'npm')])]
    : [...own, '/usr/local/bin', '/opt/homebrew/bin', '/home/linuxbrew/.linuxbrew/bin'];
}

/** Their folders are on PATH in the user's shell alone, and an editor that was not started there has none of them. */
async function versionManagerFolders(home: string): Promise<string[]> {
  const nvmVersions = join(home, '.nvm', 'versions', 'node');
  const newestFirst = (await readdir(nvmVersions).catch(() => [])).sort((a, b) =>
    b.localeCompare(a, 'en', { numeric: true }),
  );
  return [
    join(home, '.volta', 'bin'),
    join(home, '.asdf', 'shims'),
    join(home, '.local', 'share', 'mise', 'shims'),
    join(home, '.local', 'share', 'fnm', 'aliases', 'default', 'bin'),
    join(home, 'Library', 'Application Support', 'fnm', 'aliases', 'default', 'bin'),
    join(home, '.local', 'share', 'pnpm'),
    join(home, 'Library', 'pnpm'),
    ...newestFirst.map((version) => join(nvmVersions, version, 'bin')),
  ];
}

async function firstOf(
  paths: readonly string[],
  extensions: readonly string[],
  search: ProgramSearch,
): Promise<FoundProgram | undefined> {
  for (const path of paths) {
    for (const extension of extensions) {
      const candidate = `${path}${extension.toLowerCase()}`;
      if (!(await isProgramFile(candidate))) continue;
      const found =
        isWindows && /\.(cmd|bat)$/i.test(candidate)
          ? await behindShim(candidate, search)
          : { program: candidate, programArguments: [] };
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/**
 * The program that npm's batch file runs. A batch file itself needs a shell, which would read the arguments anew.
 */
async function behindShim(path: string, search: ProgramSearch): Promise<FoundProgram | undefined> {
  const target = shimTarget(await readFile(path, 'utf8'));
  if (target === undefined) return undefined;
  const script = join(dirname(path), ...target);
  if (!/\.[cm]?js$/i.test(script))
    return (await isProgramFile(script)) ? { program: script, programArguments: [] } : undefined;
  const node = await findProgram({ program: 'node', environment: search.environment });
  return node === undefined ? undefined : { program: node.program, programArguments: [script] };
}

/** The path that a batch file of npm runs, in parts from its own folder; undefined for any other batch file. */
export function shimTarget(shim: string): string[] | undefined {
  const target = [...shim.matchAll(/"%(?:~dp0|dp0%)\\([^"%]+)"/gi)]
    .map((match) => match[1])
    .filter((path) => path !== undefined && !/node\.exe$/i.test(path))
    .at(-1);
  return target?.split('\\');
}

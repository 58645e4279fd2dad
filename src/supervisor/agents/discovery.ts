/** Finds an agent's program, by looking only: nothing is started. */
import { access, constants, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

export interface FoundAgent {
  /** Absolute path. */
  program: string;
  /** What has to come before all other arguments: the script, where `program` is the interpreter of one. */
  programArguments: string[];
}

export interface Search {
  /** An absolute path, one that starts with `~/`, or a name to look up. */
  program: string;
  /** `PATH` and, on Windows, `PATHEXT` and `APPDATA` are read from it. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Folders in which a program that is not on PATH is looked for; the usual ones where absent. */
  folders?: readonly string[];
}

const isWindows = process.platform === 'win32';

/** The program, or undefined where there is none. A name is looked up on PATH first, then where installers put agents. */
export async function findAgent(search: Search): Promise<FoundAgent | undefined> {
  const program =
    search.program.startsWith('~/') || search.program.startsWith('~\\')
      ? join(homedir(), search.program.slice(2))
      : search.program;
  const extensions = isWindows
    ? ['', ...(variable(search.environment, 'PATHEXT') ?? '.COM;.EXE;.BAT;.CMD').split(';')]
    : [''];
  if (isAbsolute(program)) return firstOf([program], extensions, search);
  // A relative path would depend on the folder that the editor was started in.
  if (program === '' || /[\\/]/.test(program)) return undefined;
  const onPath = (variable(search.environment, 'PATH') ?? '').split(delimiter).filter(isAbsolute);
  const folders = [...onPath, ...(search.folders ?? usualFolders(search.environment))];
  return firstOf(
    folders.map((folder) => join(folder, program)),
    extensions,
    search,
  );
}

function usualFolders(environment: Search['environment']): string[] {
  const home = homedir();
  const applicationData = variable(environment, 'APPDATA');
  const own = [
    join(home, '.local', 'bin'),
    join(home, '.claude', 'local'),
    join(home, '.npm-global', 'bin'),
    join(home, '.bun', 'bin'),
  ];
  return isWindows
    ? [...own, ...(applicationData === undefined ? [] : [join(applicationData, 'npm')])]
    : [...own, '/usr/local/bin', '/opt/homebrew/bin'];
}

/** Names of variables have no case on Windows. */
function variable(environment: Search['environment'], name: string): string | undefined {
  const key = isWindows ? Object.keys(environment).find((candidate) => candidate.toUpperCase() === name) : name;
  return key === undefined ? undefined : environment[key];
}

async function firstOf(
  paths: readonly string[],
  extensions: readonly string[],
  search: Search,
): Promise<FoundAgent | undefined> {
  for (const path of paths) {
    for (const extension of extensions) {
      const candidate = `${path}${extension.toLowerCase()}`;
      if (!(await isProgram(candidate))) continue;
      const found =
        isWindows && /\.(cmd|bat)$/i.test(candidate)
          ? await behindShim(candidate, search)
          : { program: candidate, programArguments: [] };
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    // On Windows every file passes X_OK: only an extension makes a program.
    if (isWindows && !/\.[a-z]+$/i.test(path)) return false;
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * A batch file can only be run by a shell, which would read the arguments anew. The ones that npm writes name their
 * target: that is started instead.
 */
async function behindShim(path: string, search: Search): Promise<FoundAgent | undefined> {
  const target = shimTarget(await readFile(path, 'utf8'));
  if (target === undefined) return undefined;
  const script = join(dirname(path), ...target);
  if (!/\.[cm]?js$/i.test(script))
    return (await isProgram(script)) ? { program: script, programArguments: [] } : undefined;
  const node = await findAgent({ program: 'node', environment: search.environment });
  return node === undefined ? undefined : { program: node.program, programArguments: [script] };
}

/** The path, in parts from the shim's folder, that a batch file of npm runs. */
export function shimTarget(shim: string): string[] | undefined {
  const target = [...shim.matchAll(/"%(?:~dp0|dp0%)\\([^"%]+)"/gi)]
    .map((match) => match[1])
    .filter((path) => path !== undefined && !/node\.exe$/i.test(path))
    .at(-1);
  return target?.split('\\');
}

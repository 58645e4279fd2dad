import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute } from 'node:path';

const isWindows = process.platform === 'win32';

/** A variable's value. Names of variables have no case on Windows. */
export function variableOf(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  const key = isWindows ? Object.keys(environment).find((candidate) => candidate.toUpperCase() === name) : name;
  return key === undefined ? undefined : environment[key];
}

/** The folders of PATH, in order. A relative one would depend on the folder that the editor was started in. */
export function foldersOnPath(environment: Readonly<Record<string, string | undefined>>): string[] {
  return (variableOf(environment, 'PATH') ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
}

/** True where there is a file at the path that can be started. */
export async function isProgramFile(path: string): Promise<boolean> {
  try {
    // On Windows every file passes X_OK: only an extension makes a program.
    if (isWindows && !/\.[a-z]+$/i.test(path)) return false;
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** PATH for a program that is started by its absolute path, as version managers of languages install them. */
import { open } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { foldersOnPath, isProgramFile } from '../../common/processes/programFile';
import { findProgram } from './discovery';

const isWindows = process.platform === 'win32';
/** A script's first line is not longer. */
const FIRST_LINE_BYTES = 512;

/**
 * The environment with the folder of `program` on PATH, and the one of the interpreter that its first line names.
 * A folder that holds both comes first: another version of the interpreter may be on PATH.
 */
export async function withProgramFolder(environment: NodeJS.ProcessEnv, program: string): Promise<NodeJS.ProcessEnv> {
  if (!isAbsolute(program)) return environment;
  const folder = dirname(program);
  const present = foldersOnPath(environment);
  const interpreter = await interpreterOf(program);
  const isBeside = interpreter !== undefined && (await isProgramFile(join(folder, interpreter)));
  const found =
    interpreter === undefined || isBeside ? undefined : await findProgram({ program: interpreter, environment });
  const wanted = found === undefined ? [folder] : [folder, dirname(found.program)];
  const missing = [...new Set(wanted)].filter((each) => !present.includes(each));
  if (missing.length === 0) return environment;
  const name = Object.keys(environment).find((key) => (isWindows ? key.toUpperCase() : key) === 'PATH') ?? 'PATH';
  const path = environment[name] ?? '';
  const parts = path === '' ? missing : isBeside ? [...missing, path] : [path, ...missing];
  return { ...environment, [name]: parts.join(delimiter) };
}

/** The program that `#!/usr/bin/env` looks up on PATH; undefined for any other program. */
async function interpreterOf(program: string): Promise<string | undefined> {
  try {
    const file = await open(program, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE_BYTES), 0, FIRST_LINE_BYTES, 0);
      const line = buffer.toString('latin1', 0, bytesRead).split('\n', 1)[0] ?? '';
      return /^#!\s*\/\S*\/env\s+(?:-S\s*)?(?:\w+=\S*\s+)*([^\s=/-][^\s=/]*)/.exec(line)?.[1];
    } finally {
      await file.close();
    }
  } catch {
    return undefined; // the start itself tells what is wrong with it
  }
}

/** A repository of 20,000 files, for what a person notices in a big one. */
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

export const FILES = 20_000;
const FILES_A_FOLDER = 100;

/** Runs git as the user would, without Corral. */
export async function user(folder: string, ...parameters: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Robin', '-c', 'user.email=robin@example.com'];
  return (await execa('git', [...identity, ...parameters], { cwd: folder, stdin: 'ignore' })).stdout;
}

export async function largeRepository(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await user(folder, 'init', '--quiet', '--initial-branch=main');
  for (let start = 0; start < FILES; start += FILES_A_FOLDER) {
    const part = join(folder, `folder ${String(start / FILES_A_FOLDER)}`);
    await mkdir(part);
    await Promise.all(
      Array.from(
        { length: FILES_A_FOLDER },
        async (_, index) =>
          await writeFile(
            join(part, `file ${String(index)}.ts`),
            `export const n = ${String(start + index)};\n`.repeat(40),
          ),
      ),
    );
  }
  await user(folder, 'add', '--all');
  await user(folder, 'commit', '--quiet', '--message=files');
  return await realpath(folder);
}

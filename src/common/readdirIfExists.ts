import { readdir } from 'node:fs/promises';
import { ifExists } from './ifExists';

/** The names in a folder; none where there is no such folder. Any other failure is thrown. */
export async function readdirIfExists(folder: string, options: { recursive?: boolean } = {}): Promise<string[]> {
  return (await ifExists(readdir(folder, options))) ?? [];
}

import { readdir } from 'node:fs/promises';
import { hasCode } from './errors';

/** The names in a folder; none where there is no such folder. Any other failure is thrown. */
export async function readdirIfExists(folder: string, options: { recursive?: boolean } = {}): Promise<string[]> {
  try {
    return await readdir(folder, options);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

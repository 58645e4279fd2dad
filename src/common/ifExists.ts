import { hasCode } from './errors';

/** What `access` gives, or undefined where the file or folder is not there. Any other failure is thrown. */
export async function ifExists<T>(access: Promise<T>): Promise<T | undefined> {
  try {
    return await access;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

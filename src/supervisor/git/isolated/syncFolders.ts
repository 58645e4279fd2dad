import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimited } from '../../../common/mapLimited';

const FOLDERS_AT_ONCE = 32;

/** Git syncs the files of objects and refs, but not the folders that have their names. Windows needs no such sync. */
export async function syncObjectFolders(commonDirectory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const objects = join(commonDirectory, 'objects');
  const names = (await readdir(objects)).filter((name) => /^([0-9a-f]{2}|pack)$/.test(name));
  const folders = [...names.map((name) => join(objects, name)), objects];
  await mapLimited(folders, FOLDERS_AT_ONCE, syncFolder);
  for (const name of ['refs/corral', 'refs', '.']) await syncFolder(join(commonDirectory, name));
}

/** A disk that cannot sync folders writes them in order, or not at all. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

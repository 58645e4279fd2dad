import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type ObjectFormat = 'sha1' | 'sha256';

const known = new Map<string, ObjectFormat>();

/** By what lies in the repository, since its configuration may say anything. It never changes, so it is found once. */
export async function objectFormatOf(commonDirectory: string): Promise<ObjectFormat> {
  const format = known.get(commonDirectory) ?? (await findObjectFormat(commonDirectory));
  known.set(commonDirectory, format);
  return format;
}

async function findObjectFormat(commonDirectory: string): Promise<ObjectFormat> {
  const objects = join(commonDirectory, 'objects');
  const packs = await readdir(join(objects, 'pack')).catch(() => []);
  const pack = packs.map((name) => /^pack-([0-9a-f]+)\.pack$/.exec(name)?.[1]).find((id) => id !== undefined);
  if (pack !== undefined) return formatOf(pack);
  for (const folder of (await readdir(objects).catch(() => [])).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    const names = await readdir(join(objects, folder)).catch(() => []);
    const name = names.find((each) => /^([0-9a-f]{38}|[0-9a-f]{62})$/.test(each));
    if (name !== undefined) return formatOf(folder + name);
  }
  // A clone that borrows all of its objects has its refs in this file.
  const refs = await readFile(join(commonDirectory, 'packed-refs'), 'latin1').catch(() => '');
  return formatOf(/^([0-9a-f]+) /m.exec(refs)?.[1] ?? '');
}

function formatOf(objectId: string): ObjectFormat {
  return objectId.length === 64 ? 'sha256' : 'sha1';
}

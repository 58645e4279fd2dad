import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** GNU tar and a disk with extended attributes are there. */
export const hasExtendedAttributes = process.platform === 'linux';

/**
 * Everything below a folder, with all that people can see of it: path → kind, mode, bytes or target, the other names of
 * a file, access lists and attributes. Without `.git` folders and files.
 */
export async function readFileStates(folder: string): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  const names = new Map<string, string>();
  const visit = async (prefix: string): Promise<void> => {
    const entries = await readdir(join(folder, prefix), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name === '.git') continue;
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      const stats = await lstat(join(folder, path));
      const mode = process.platform === 'win32' ? '' : ` ${(stats.mode & 0o7777).toString(8)}`;
      if (stats.isSymbolicLink()) states.set(path, `link ${await readlink(join(folder, path))}`);
      else if (stats.isDirectory()) {
        states.set(path, `folder${mode}`);
        await visit(path);
      } else if (stats.isFile()) {
        const inode = `${String(stats.dev)} ${String(stats.ino)}`;
        const first = stats.nlink > 1 ? (names.get(inode) ?? path) : path;
        names.set(inode, first);
        const content = (await readFile(join(folder, path))).toString('latin1');
        states.set(path, `file${mode}${first === path ? '' : ` same as ${first}`} ${content}`);
      } else states.set(path, `other${mode}`);
    }
  };
  await visit('');
  for (const [path, attributes] of await readAttributes(folder))
    states.set(path, `${states.get(path) ?? ''} ${attributes}`);
  return states;
}

const BLOCK = 512;

/** Access lists and `user.` attributes of all files, as tar tells them. */
async function readAttributes(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (!hasExtendedAttributes) return found;
  const kinds = ['--acls', '--xattrs', '--hard-dereference', '--exclude=.git'];
  const { stdout } = await execa('tar', ['--create', '--file=-', '--format=pax', ...kinds, '.'], {
    cwd: folder,
    encoding: 'buffer',
  });
  const archive = Buffer.from(stdout);
  let fields: Record<string, string> = {};
  for (let offset = 0; offset + BLOCK <= archive.length && archive[offset] !== 0;) {
    const text = (start: number, length: number): string =>
      archive.toString('latin1', offset + start, offset + start + length).replace(/\0.*$/s, '');
    const size = parseInt(text(124, 12), 8);
    const content = archive.subarray(offset + BLOCK, offset + BLOCK + size);
    if (text(156, 1) === 'x') fields = paxFields(content);
    else {
      const path = fields['path'] ?? Buffer.from(text(0, 100), 'latin1').toString('utf8');
      const attributes = Object.entries(fields).filter(([name]) => name.startsWith('SCHILY.'));
      if (attributes.length > 0) found.set(path.replace(/^\.\//, '').replace(/\/$/, ''), attributes.sort().join(' '));
      fields = {};
    }
    offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return found;
}

function paxFields(content: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let offset = 0; offset < content.length;) {
    const length = parseInt(content.toString('latin1', offset, offset + 20), 10);
    const line = content.toString('utf8', offset, offset + length - 1);
    const [, name = '', value = ''] = /^\d+ ([^=]+)=(.*)$/s.exec(line) ?? [];
    fields[name] = value;
    offset += length;
  }
  return fields;
}

/** Writes a file with attributes (`user.…`) and an access list in the long text form. Only with GNU tar. */
export async function writeWithAttributes(
  folder: string,
  name: string,
  content: string,
  {
    mode = 0o644,
    attributes = {},
    accessList,
  }: { mode?: number; attributes?: Record<string, string>; accessList?: string },
): Promise<void> {
  const records = [
    ...Object.entries(attributes).map(([key, value]) => paxRecord(`SCHILY.xattr.${key}`, value)),
    ...(accessList === undefined ? [] : [paxRecord('SCHILY.acl.access', accessList)]),
  ].join('');
  const archive = Buffer.concat([
    entry('pax', 'x', 0o644, records),
    entry(name, '0', mode, content),
    Buffer.alloc(2 * BLOCK),
  ]);
  const kinds = ['--acls', '--xattrs', '--xattrs-include=*'];
  await execa('tar', ['--extract', '--file=-', ...kinds], { cwd: folder, input: archive });
}

function paxRecord(name: string, value: string): string {
  const rest = ` ${name}=${value}\n`;
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return `${length}${rest}`;
}

function entry(name: string, type: string, mode: number, content: string): Buffer {
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write(`${octal(mode, 8)}${octal(process.getuid?.() ?? 0, 8)}${octal(process.getgid?.() ?? 0, 8)}`, 100);
  header.write(`${octal(content.length, 12)}${octal(0, 12)}        ${type}`, 124);
  header.write('ustar\x0000', 257);
  header.write(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  const padding = Buffer.alloc(Math.ceil(content.length / BLOCK) * BLOCK - content.length);
  return Buffer.concat([header, Buffer.from(content), padding]);
}

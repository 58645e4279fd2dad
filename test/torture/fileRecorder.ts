/**
 * Loaded before a window's or a runner's own code: records every change and sync of files and names below a folder, in
 * one order over all processes. Each file is also linked into a second folder, so that its bytes outlive its name.
 */
import { appendFileSync, existsSync, fstatSync, linkSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { createRequire } from 'node:module';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { FileOperation } from './fileOperations';

const root = process.env['CORRAL_TORTURE_ROOT'] ?? '';
const folder = process.env['CORRAL_TORTURE_FILES'] ?? '';
// Bundles read the functions from this object at each call, so replacing its properties reaches them.
const files = createRequire(__filename)('node:fs/promises') as Record<
  string,
  (...parameters: unknown[]) => Promise<unknown>
>;

function record(operation: FileOperation): void {
  appendFileSync(join(folder, 'log'), `${JSON.stringify(operation)}\n`);
}

const isOurs = (path: unknown): path is string =>
  typeof path === 'string' && (resolve(path) === root || resolve(path).startsWith(root + sep));

function keep(path: string, { ino }: Stats): void {
  const link = join(folder, String(ino));
  if (!existsSync(link)) linkSync(path, link);
}

/** Records that the path now refers to the file that is there. */
function bind(path: string): void {
  const stats = statSync(path);
  keep(path, stats);
  record({ operation: 'bind', path: resolve(path), file: stats.ino });
  record({ operation: 'size', file: stats.ino, bytes: stats.size });
}

function watch(handle: FileHandle, path: string, isDirectory: boolean): void {
  const methods = handle as unknown as Record<string, (...parameters: unknown[]) => Promise<unknown>>;
  const wrap = (name: string, before: () => () => void): void => {
    const original = methods[name]?.bind(handle);
    if (original === undefined) throw new Error(`There is no ${name}`);
    methods[name] = async (...parameters) => {
      const done = before();
      const result = await original(...parameters);
      done();
      return result;
    };
  };
  if (isDirectory) {
    // A name that is made while the sync runs may not be part of it.
    wrap('sync', () => {
      record({ operation: 'syncBegins', path: resolve(path) });
      return () => record({ operation: 'namesSynced', path: resolve(path) });
    });
    return;
  }
  for (const name of ['write', 'writeFile', 'appendFile', 'truncate']) {
    wrap(name, () => () => {
      const { ino, size } = fstatSync(handle.fd);
      record({ operation: 'size', file: ino, bytes: size });
    });
  }
  for (const name of ['sync', 'datasync']) {
    wrap(name, () => {
      const { ino, size } = fstatSync(handle.fd);
      return () => record({ operation: 'synced', file: ino, bytes: size });
    });
  }
}

function replace(
  name: string,
  make: (original: (...parameters: unknown[]) => Promise<unknown>) => (...parameters: unknown[]) => Promise<unknown>,
): void {
  const original = files[name];
  if (original === undefined) throw new Error(`There is no ${name}`);
  files[name] = make(original.bind(files));
}

replace('open', (original) => async (path, ...rest) => {
  const isNew = isOurs(path) && !existsSync(path);
  const handle = await original(path, ...rest);
  if (isOurs(path)) {
    if (isNew) bind(path);
    watch(handle as FileHandle, path, statSync(path).isDirectory());
  }
  return handle;
});
for (const name of ['writeFile', 'appendFile']) {
  replace(name, (original) => async (path, ...rest) => {
    const result = await original(path, ...rest);
    if (isOurs(path)) bind(path);
    return result;
  });
}
replace('link', (original) => async (from, to) => {
  await original(from, to);
  if (isOurs(to)) bind(to);
});
replace('rename', (original) => async (from, to) => {
  if (isOurs(from) && !statSync(from).isDirectory()) keep(from, statSync(from));
  await original(from, to);
  if (isOurs(from)) record({ operation: 'unbind', path: resolve(from) });
  if (isOurs(to)) bind(to);
});
for (const name of ['unlink', 'rm']) {
  replace(name, (original) => async (path, ...rest) => {
    await original(path, ...rest);
    if (isOurs(path)) record({ operation: 'unbind', path: resolve(path) });
  });
}
replace('mkdir', (original) => async (path, ...rest) => {
  const first = await original(path, ...rest);
  if (!isOurs(path)) return first;
  // With `recursive`, every folder of the path may be new.
  const parts = resolve(path).slice(root.length).split(sep);
  parts.forEach((_part, index) => record({ operation: 'folder', path: root + parts.slice(0, index + 1).join(sep) }));
  return first;
});

import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { installedExtensions, projectRoot } from '../../test/support/project';

const NAME = 'bare';
const MANIFEST = {
  name: NAME,
  publisher: NAME,
  version: '1.0.0',
  engines: { vscode: '^1.90.0' },
  main: './bareExtension.js',
  activationEvents: ['onStartupFinished'],
  contributes: {
    views: { corral: [{ id: 'bare.pages', name: 'Bare' }] },
    customEditors: [{ viewType: 'bare.page', displayName: 'Bare', selector: [{ filenamePattern: 'bare:/**' }] }],
  },
};

/** Adds the extension in the folder `name` of `extensions` to what VS Code takes from there. */
export async function listExtension(extensions: string, name: string): Promise<void> {
  const path = join(extensions, name);
  const { publisher, version } = v.parse(
    v.object({ publisher: v.string(), version: v.string() }),
    JSON.parse(await readFile(join(path, 'package.json'), 'utf8')),
  );
  const list = join(extensions, 'extensions.json');
  const listed = v.parse(v.array(v.unknown()), JSON.parse(await readFile(list, 'utf8').catch(() => '[]')));
  const location = { $mid: 1, path, scheme: 'file' };
  const extension = { identifier: { id: `${publisher}.${name}` }, version, location, relativeLocation: name };
  await writeFile(list, JSON.stringify([...listed, extension]));
}

/** Puts the bare extension beside Corral into a folder of extensions, and returns that folder. */
export async function installBare(): Promise<string> {
  const folder = join(projectRoot, 'out/benchExtensions');
  await rm(folder, { recursive: true, force: true });
  await cp(installedExtensions, folder, { recursive: true });
  const path = join(folder, NAME);
  await mkdir(path);
  await writeFile(join(path, 'package.json'), JSON.stringify(MANIFEST));
  await copyFile(join(projectRoot, 'out/bench/bare/bareExtension.js'), join(path, 'bareExtension.js'));
  await listExtension(folder, NAME);
  return folder;
}

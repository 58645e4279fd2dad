import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { installedExtensions, projectRoot } from '../../test/support/project';

const NAME = 'bare';
const VERSION = '1.0.0';
const MANIFEST = {
  name: NAME,
  publisher: NAME,
  version: VERSION,
  engines: { vscode: '^1.90.0' },
  main: './bareExtension.js',
  activationEvents: ['onStartupFinished'],
  contributes: {
    views: { corral: [{ id: 'bare.pages', name: 'Bare' }] },
    customEditors: [{ viewType: 'bare.page', displayName: 'Bare', selector: [{ filenamePattern: 'bare:/**' }] }],
  },
};

/** Puts the bare extension beside Corral into a folder of extensions, and returns that folder. */
export async function installBare(): Promise<string> {
  const folder = join(projectRoot, 'out/benchExtensions');
  await rm(folder, { recursive: true, force: true });
  await cp(installedExtensions, folder, { recursive: true });
  const path = join(folder, NAME);
  await mkdir(path);
  await writeFile(join(path, 'package.json'), JSON.stringify(MANIFEST));
  await copyFile(join(projectRoot, 'out/bench/bare/bareExtension.js'), join(path, 'bareExtension.js'));
  const list = join(folder, 'extensions.json');
  const listed = v.parse(v.array(v.unknown()), JSON.parse(await readFile(list, 'utf8')));
  const bare = {
    identifier: { id: `${NAME}.${NAME}` },
    version: VERSION,
    location: { $mid: 1, path, scheme: 'file' },
    relativeLocation: NAME,
  };
  await writeFile(list, JSON.stringify([...listed, bare]));
  return folder;
}

import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { installedExtensions, projectRoot } from '../../test/support/project';

const NAME = 'bare';
const manifestIn = (container: 'corral' | 'bare'): object => ({
  name: NAME,
  publisher: NAME,
  version: '1.0.0',
  engines: { vscode: '^1.90.0' },
  main: './bareExtension.js',
  activationEvents: ['onStartupFinished'],
  contributes: {
    ...(container === 'bare'
      ? { viewsContainers: { activitybar: [{ id: container, title: 'Bare', icon: 'icon.svg' }] } }
      : {}),
    views: { [container]: [{ id: 'bare.pages', name: 'Bare' }] },
    customEditors: [{ viewType: 'bare.page', displayName: 'Bare', selector: [{ filenamePattern: 'bare:/**' }] }],
  },
});

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

/** Puts the bare extension beside Corral into a folder of extensions, or alone, and returns that folder. */
export async function installBare({ isAlone = false } = {}): Promise<string> {
  const folder = join(projectRoot, isAlone ? 'out/bareExtensions' : 'out/benchExtensions');
  await rm(folder, { recursive: true, force: true });
  if (!isAlone) await cp(installedExtensions, folder, { recursive: true });
  const path = join(folder, NAME);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'package.json'), JSON.stringify(manifestIn(isAlone ? 'bare' : 'corral')));
  await writeFile(join(path, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"/>');
  await copyFile(join(projectRoot, 'out/bench/bare/bareExtension.js'), join(path, 'bareExtension.js'));
  await listExtension(folder, NAME);
  return folder;
}

/** The private git dir of one call: nothing in it comes from the repository's configuration. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteValue } from '../settingText';
import { exists } from '../worktreeOwnership';
import type { DiskTraits } from './diskTraits';
import type { ObjectFormat } from './objectFormat';
import type { UserSettings } from './userSettings';

const BYTES_ALONE = '* -text -ident !eol !filter !working-tree-encoding';

/** `git`: line ends and encodings as git sees them, without any filter. `bytes`: every file as its bytes are. */
export type View = 'git' | 'bytes';

export interface FolderContent {
  format: ObjectFormat;
  /** True where what is written has to be on the disk before the call ends: before a folder is emptied. */
  isDurable: boolean;
  /** Absent where no file of a worktree is read. */
  files?: { traits: DiskTraits; settings: UserSettings; view: View };
}

/** Writes the git dir into an empty folder. */
export async function fillIsolatedFolder(
  folder: string,
  commonDirectory: string,
  content: FolderContent,
): Promise<void> {
  const { files } = content;
  const read = async (name: string): Promise<string> =>
    await readFile(join(commonDirectory, 'info', name), 'latin1').catch(() => '');
  // Filters that attributes name are in no configuration here, so that none can run.
  const attributes = files?.view === 'git' ? `${await read('attributes')}\n` : `${BYTES_ALONE}\n`;
  const write = async (name: string, text: string): Promise<void> =>
    await writeFile(join(folder, name), text, { encoding: 'latin1', mode: 0o600 });
  await Promise.all([mkdir(join(folder, 'refs')), mkdir(join(folder, 'info'))]);
  await Promise.all([
    write('HEAD', 'ref: refs/heads/none\n'), // commands are given ids
    write('config', configurationText(content)),
    ...(files === undefined
      ? []
      : [write('info/attributes', attributes), write('info/exclude', await read('exclude'))]),
  ]);
}

/** The variables with which git uses the folder, the objects of the repository, and nothing else. */
export async function isolatedVariables(
  folder: string,
  commonDirectory: string,
  worktreePath: string,
): Promise<Record<string, string>> {
  const shallow = join(commonDirectory, 'shallow');
  return {
    GIT_DIR: folder,
    GIT_WORK_TREE: worktreePath,
    GIT_INDEX_FILE: join(folder, 'index'),
    GIT_OBJECT_DIRECTORY: join(commonDirectory, 'objects'),
    ...((await exists(shallow)) ? { GIT_SHALLOW_FILE: shallow } : {}),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null', // Git for Windows knows this name too
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}

function configurationText({ format, isDurable, files }: FolderContent): string {
  const { traits, settings, view } = files ?? {};
  const core: [name: string, value: string | boolean | undefined][] = [
    ['repositoryFormatVersion', format === 'sha256' ? '1' : '0'],
    ['bare', false],
    ['hooksPath', '/dev/null'],
    ['fsmonitor', false],
    ['untrackedCache', false],
    ['splitIndex', false],
    ['ignoreStat', false],
    ['ignoreCase', traits?.ignoresCase],
    // Where Windows has links, it is up to the user whether git makes them.
    ['symlinks', traits?.hasLinks === true && (process.platform !== 'win32' || settings?.symlinks !== false)],
    ['fileMode', traits?.hasExecutableBit],
    ['trustCtime', true],
    ['checkStat', 'default'],
    ['autocrlf', view === 'git' ? settings?.autocrlf : false],
    ['eol', view === 'git' ? settings?.eol : 'lf'],
    ['safecrlf', false],
    ['attributesFile', view === 'git' ? settings?.attributesFile : '/dev/null'],
    ['excludesFile', settings?.excludesFile],
    ['sparseCheckout', false],
    ['precomposeUnicode', false],
    ['protectNTFS', process.platform === 'win32'],
    ['protectHFS', process.platform === 'darwin'],
    ['commitGraph', false],
    ['bigFileThreshold', '512m'],
    ['quotePath', false],
    // By itself the method would sync nothing of a loose object. There are no refs here.
    ['fsync', 'committed,loose-object'],
    ['fsyncMethod', isDurable ? 'fsync' : 'batch'],
  ];
  const sections: [name: string, entries: typeof core][] = [
    ['core', core],
    ['extensions', format === 'sha256' ? [['objectFormat', format]] : []],
    ['index', [['sparse', false]]],
    ['submodule', [['recurse', false]]],
    ['diff', [['ignoreSubmodules', 'none']]],
    ['gc', [['auto', '0']]],
    // Loose objects, since git packs a repository anew that has fifty packs.
    ['fastimport', [['unpackLimit', '50000']]],
  ];
  return sections
    .map(([name, entries]) => {
      const lines = entries.flatMap(([key, value]) =>
        value === undefined ? [] : [`\t${key} = ${quote(String(value))}\n`],
      );
      return `[${name}]\n${lines.join('')}`;
    })
    .join('');
}

/** UTF-8 as characters of one byte each, as the file is written. */
function quote(value: string): string {
  return Buffer.from(quoteValue(value), 'utf8').toString('latin1');
}

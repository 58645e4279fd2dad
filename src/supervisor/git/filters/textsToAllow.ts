import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathFromBytes, splitZ } from '../pathBytes';
import type { Repository } from '../repository';
import { readDrivers, type FilterDriver } from './filterDrivers';
import { KNOWN_FILTERS } from './filterPrograms';

/** The commands of filters that files of attributes name in the checkout, and that run only with a person's consent. */
export async function listTextsToAllow({ git, mainWorktree, commonDirectory }: Repository): Promise<string[]> {
  const drivers = [...(await readDrivers(git, mainWorktree)).values()].filter((each) => textsOf(each).length > 0);
  if (drivers.length === 0) return [];
  const listed = await git.run(mainWorktree, ['ls-files', '-z', '--', ':(top,glob)**/.gitattributes']);
  const files = [
    join(commonDirectory, 'info', 'attributes'),
    ...splitZ(listed.stdout).map((path) => pathFromBytes(mainWorktree, path)),
  ];
  const attributes = await Promise.all(files.map(async (file) => await readFile(file, 'utf8').catch(() => '')));
  const isNamed = ({ name }: FilterDriver): boolean => attributes.some((text) => text.includes(`filter=${name}`));
  return [...new Set(drivers.filter(isNamed).flatMap(textsOf))];
}

function textsOf({ clean = '', smudge = '', process: text = '' }: FilterDriver): string[] {
  return [clean, smudge, text].filter(
    (each) => each !== '' && KNOWN_FILTERS.every(([, pattern]) => !pattern.test(each)),
  );
}

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from './git';

/** What everyday commands write. None of it names a program. */
const EVERYDAY = /^(branch|remote|submodule)\./;

/** The repository's own configuration at one moment, to be compared with a later one. */
export interface GitConfiguration {
  /** Differs after every write to one of the files. */
  stamp: string;
  /** The bytes of each file; none where it is missing. */
  contents: readonly Buffer[];
  /** `<name> <stamp>` for each hook that git would run. */
  hooks: readonly string[];
}

/** Reads the settings and hooks that an agent could change for the whole repository. Runs no git. */
export async function readConfiguration(commonDirectory: string, sessionId: string): Promise<GitConfiguration> {
  const files = ['config', 'config.worktree', `worktrees/${sessionId}/config.worktree`].map((name) =>
    join(commonDirectory, name),
  );
  const hooksFolder = join(commonDirectory, 'hooks');
  const names = (await readdir(hooksFolder).catch(() => [])).filter((name) => !name.endsWith('.sample')).sort();
  const hooks = await Promise.all(names.map(async (name) => `${name} ${await stampOf(join(hooksFolder, name))}`));
  const stamps = await Promise.all(files.map(stampOf));
  const contents = await Promise.all(files.map(async (file) => await readFile(file).catch(() => Buffer.alloc(0))));
  return { stamp: [...stamps, ...hooks].join('\n'), contents, hooks };
}

/** The names of the settings and hooks that differ, sorted. */
export async function changedSettings(
  git: Git,
  directory: string,
  before: GitConfiguration,
  after: GitConfiguration,
): Promise<string[]> {
  const [old, now] = [await settingsOf(git, directory, before), await settingsOf(git, directory, after)];
  const settings = differing(old, now).map((entry) => entry.split('\n', 1)[0] ?? entry);
  const hooks = differing(new Set(before.hooks), new Set(after.hooks)).map(
    (each) => `the hook ${each.slice(0, each.lastIndexOf(' '))}`,
  );
  return [...new Set([...settings, ...hooks])].sort();
}

function differing(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  return [...[...before].filter((each) => !after.has(each)), ...[...after].filter((each) => !before.has(each))];
}

async function settingsOf(git: Git, directory: string, { contents }: GitConfiguration): Promise<Set<string>> {
  const settings = new Set<string>();
  for (const content of contents) {
    // 128: git cannot read the file.
    const listed = await git.text(directory, ['config', '--file', '-', '--null', '--list'], {
      input: content,
      acceptedExitCodes: [0, 1, 128],
    });
    for (const entry of listed.split('\0')) if (entry !== '' && !EVERYDAY.test(entry)) settings.add(entry);
  }
  return settings;
}

async function stampOf(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined ? 'none' : `${String(stats.ctimeMs)},${String(stats.size)}`;
}

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from './git';

/** What everyday commands write: branches that follow others, remotes, submodules. None of it names a program. */
const EVERYDAY = /^(branch|remote|submodule)\./;

/** The repository's own configuration at some moment, to be compared with a later one. */
export interface GitConfiguration {
  /** Changes with every write to one of the files. */
  stamp: string;
  /** What the files held. */
  contents: readonly Buffer[];
  /** The hooks that git would run, each with a stamp. */
  hooks: readonly string[];
}

/** Reads what an agent in the session's worktree could change for everyone in the repository. Runs no git. */
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

/** The names of what is another in `after` than in `before`, in words. */
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
    // 128: a file that git itself cannot read.
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

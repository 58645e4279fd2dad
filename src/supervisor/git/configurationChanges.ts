/** Which changes of a repository's configuration people are told about. */
import type { Git } from './git';
import type { ConfiguredDirectory, GitConfiguration } from './gitConfiguration';

/** One entry, such as `branch.main.remote` with its three parts; `name` is in lower case. */
interface Setting {
  key: string;
  section: string;
  subsection: string | undefined;
  name: string;
  value: string;
}

/** What everyday commands write about a branch, a remote and a submodule; none of it names a program or a place. */
const EVERYDAY_NAMES: Readonly<Record<string, ReadonlySet<string>>> = {
  branch: new Set(['merge', 'rebase', 'description', 'vscode-merge-base', 'github-pr-owner-number', 'gh-merge-base']),
  remote: new Set(['fetch', 'tagopt', 'prune', 'prunetags', 'skipdefaultupdate', 'followremotehead', 'gh-resolved']),
  submodule: new Set(['active', 'branch', 'ignore', 'fetchrecursesubmodules', 'shallow']),
};
/** What a fresh clone says of itself, as `git submodule update --init` makes one. */
const CLONE_NAMES: ReadonlySet<string> = new Set([
  ...['repositoryformatversion', 'filemode', 'bare', 'logallrefupdates', 'worktree', 'ignorecase', 'precomposeunicode'],
  ...['symlinks', 'objectformat', 'refstorage'],
]);

/** The names of the settings, hooks and files that differ, sorted. */
export async function changedSettings(
  git: Git,
  directory: string,
  before: GitConfiguration,
  after: GitConfiguration,
): Promise<string[]> {
  const changed = new Set<string>();
  for (const name of new Set([...before.directories.keys(), ...after.directories.keys()])) {
    const [old, now] = [before.directories.get(name), after.directories.get(name)];
    // A submodule that is removed takes its configuration along.
    if (now === undefined) continue;
    const place = name === '' ? '' : ` of the submodule ${name}`;
    for (const key of await changedKeys(git, directory, old, now)) changed.add(`${key}${place}`);
    const marks = new Set([...(old?.marks.keys() ?? []), ...now.marks.keys()]);
    for (const mark of marks) if (old?.marks.get(mark) !== now.marks.get(mark)) changed.add(`${mark}${place}`);
  }
  return [...changed].sort();
}

async function changedKeys(
  git: Git,
  directory: string,
  old: ConfiguredDirectory | undefined,
  now: ConfiguredDirectory,
): Promise<string[]> {
  const [before, after] = [await settingsOf(git, directory, old), await settingsOf(git, directory, now)];
  const known = remotesOf(old === undefined ? after : before);
  const added = [...after].filter(([entry]) => !before.has(entry)).map(([, setting]) => setting);
  const removed = [...before].filter(([entry]) => !after.has(entry)).map(([, setting]) => setting);
  return [
    ...added.filter((setting) => !isEveryday(setting, known) && !(old === undefined && isOfClone(setting))),
    // What is taken away can only uncover another value, which is the user's own.
    ...removed.filter((setting) => !(setting.section in EVERYDAY_NAMES)),
  ].map(({ key }) => key);
}

/** A value that begins with `!` is a command, one with `::` names a program that fetches, one with `-` is an option. */
const isPlainPlace = (value: string): boolean => !/^[!-]|^[\w+.-]+::/.test(value.trim());

function isEveryday({ section, subsection, name, value }: Setting, knownRemotes: ReadonlySet<string>): boolean {
  if (subsection === undefined) return false;
  if (EVERYDAY_NAMES[section]?.has(name) === true) return true;
  if (section === 'branch' && (name === 'remote' || name === 'pushremote'))
    return value === '.' || knownRemotes.has(value);
  return section === 'submodule' && (name === 'url' || name === 'update') && isPlainPlace(value);
}

function isOfClone({ section, name, value }: Setting): boolean {
  if (section === 'remote') return name === 'url' && isPlainPlace(value);
  return (section === 'core' || section === 'extensions') && CLONE_NAMES.has(name);
}

function remotesOf(settings: ReadonlyMap<string, Setting>): Set<string> {
  return new Set([...settings.values()].flatMap((each) => (each.section === 'remote' ? (each.subsection ?? []) : [])));
}

/** Each entry as git lists it → its parts. */
async function settingsOf(
  git: Git,
  directory: string,
  configured: ConfiguredDirectory | undefined,
): Promise<Map<string, Setting>> {
  const settings = new Map<string, Setting>();
  for (const content of configured?.settings ?? []) {
    if (content.length === 0) continue;
    // 128: git cannot read the file.
    const listed = await git.text(directory, ['config', '--file', '-', '--null', '--list'], {
      input: content,
      acceptedExitCodes: [0, 1, 128],
    });
    for (const entry of listed.split('\0')) if (entry !== '') settings.set(entry, settingOf(entry));
  }
  return settings;
}

/** Git writes the key, a line end and the value; a subsection may contain dots. */
function settingOf(entry: string): Setting {
  const [, key = entry, value = ''] = /^([^\n]*)\n?(.*)$/s.exec(entry) ?? [];
  const [, section = key, subsection, name = ''] = /^([^.]*)\.(?:(.*)\.)?([^.]*)$/s.exec(key) ?? [];
  return { key, section: section.toLowerCase(), subsection, name: name.toLowerCase(), value };
}

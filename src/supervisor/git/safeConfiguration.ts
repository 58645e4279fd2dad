import { delimiter } from 'node:path';
import { foldersOnPath } from '../../common/processes/programFile';
import { isUsersOwn, parseSettings } from './settingText';

/**
 * What keeps git from running programs that a repository names: any agent can write the repository's configuration.
 * Filters run only where `filters` lets them, and the user's own merge drivers as the user wants.
 */
export type Setting = readonly [key: string, value: string];

/** Set for every git that Corral starts: no hook, no file system monitor, and an index that is wholly Corral's. */
export const SAFE_CONFIGURATION: readonly Setting[] = [
  ['core.hooksPath', '/dev/null'], // Git for Windows knows this name too
  ['core.fsmonitor', 'false'],
  ['core.untrackedCache', 'false'],
  ['core.splitIndex', 'false'],
  ['core.ignoreStat', 'false'],
  ['core.safecrlf', 'false'],
  ['core.quotePath', 'false'],
  // By itself the method would sync nothing of a loose object. It is as safe as a sync for each, and much quicker.
  ['core.fsync', 'committed,loose-object,reference'],
  ['core.fsyncMethod', 'batch'],
  ['worktree.useRelativePaths', 'false'],
  // More of them do not help, and two cores are enough for it (measured).
  ['checkout.workers', '4'],
];

/**
 * Set beside these for every git that Corral waits for in the repository's own git dir: none has a person at its
 * terminal, and none talks to another machine.
 */
export const NO_PROGRAMS: readonly Setting[] = [
  ['core.sshCommand', 'false'],
  ['core.gitProxy', 'false'],
  ['core.askPass', 'false'],
  ['core.editor', ':'],
  ['core.pager', 'cat'],
  ['core.alternateRefsCommand', 'false'],
  ['sequence.editor', ':'],
  ['interactive.diffFilter', 'cat'],
  ['diff.external', 'false'],
  ['diff.submodule', 'short'],
  ['status.submoduleSummary', 'false'],
  ['merge.renormalize', 'false'],
  ['merge.verifySignatures', 'false'],
  ['log.showSignature', 'false'],
  ['gpg.program', 'false'],
  ['commit.gpgSign', 'false'],
  ['tag.gpgSign', 'false'],
  ['push.gpgSign', 'false'],
  ['protocol.allow', 'never'],
  ['credential.helper', ''],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['help.autocorrect', 'never'],
  ['rebase.instructionFormat', '%s'],
  ['gc.auto', '0'],
  ['gc.recentObjectsHook', ''],
  ['maintenance.auto', 'false'],
];

/** Commands that read no file of the worktree, so that no filter can run. Measured: `write-tree` does read them. */
const COMMANDS_WITHOUT_FILES: ReadonlySet<string> = new Set([
  'cat-file',
  'check-ref-format',
  'config',
  'for-each-ref',
  'hash-object', // Corral gives it its bytes, or `--no-filters`
  'init',
  'log',
  'ls-files', // Corral asks for no `--modified`
  'ls-tree',
  'merge-base',
  'remote',
  'rev-list',
  'rev-parse',
  'var',
]);
/** They read no file either, but run hooks, which new versions of git also find in the configuration. */
const COMMANDS_WITH_HOOKS: ReadonlySet<string> = new Set(['symbolic-ref', 'update-ref']);

/** What git does to a file without a merge driver of its own. */
const ORDINARY_MERGE = 'git merge-file %A %O %B';

/** By section: what turns off each setting of it that names a program, below a name of somebody's choice. */
const OFF: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  filter: { clean: '', smudge: '', process: '', required: 'false' },
  merge: { driver: ORDINARY_MERGE },
  diff: { command: 'false', textconv: 'cat' },
  hook: { enabled: 'false' },
  remote: { uploadpack: 'git-upload-pack', receivepack: 'git-receive-pack', vcs: '', promisor: 'false' },
  credential: { helper: '' },
  submodule: { update: 'none' },
  trailer: { command: '', cmd: '' },
  tar: { command: 'cat' },
  gpg: { program: 'false', defaultkeycommand: '' },
};
export const PROGRAM_SECTIONS = Object.keys(OFF);
/** Where one setting of the section is there, all of these are set: git looks at them together. */
const SET_TOGETHER: ReadonlySet<string> = new Set(['filter', 'hook']);

/** True where the command can run a program that the configuration has under a name of somebody's choice. */
export function needsOverrides(command: string, hasConfiguredHooks: boolean): boolean {
  if (COMMANDS_WITH_HOOKS.has(command)) return hasConfiguredHooks;
  return !COMMANDS_WITHOUT_FILES.has(command);
}

/** The arguments for git to list the settings that `overridesOf` judges. It exits with 1 where there is none. */
export const LIST_PROGRAM_SETTINGS = [
  'config',
  '--null',
  '--show-scope',
  '--get-regexp',
  `^(${PROGRAM_SECTIONS.join('|')})\\..*\\.`,
] as const;

/**
 * The settings that turn off every filter and each other program of the repository's own configuration, from the output
 * of `LIST_PROGRAM_SETTINGS`. Where the user defines another program of the same name, the user's holds.
 */
export function overridesOf(listing: Buffer): Setting[] {
  const trusted = new Map<string, string>();
  const overridden = new Set<string>();
  for (const setting of parseSettings(listing)) {
    const { key, value } = setting;
    const [subsection, name] = [key.slice(0, key.lastIndexOf('.')), key.slice(key.lastIndexOf('.') + 1)];
    const section = subsection.slice(0, subsection.indexOf('.'));
    const off = OFF[section] ?? {};
    if (section !== 'hook' && section !== 'filter' && isUsersOwn(setting)) trusted.set(key, value);
    else if (SET_TOGETHER.has(section)) for (const each of Object.keys(off)) overridden.add(`${subsection}.${each}`);
    else if (off[name] !== undefined) overridden.add(key);
  }
  return [...overridden].map((key): Setting => {
    const [section, name] = [key.slice(0, key.indexOf('.')), key.slice(key.lastIndexOf('.') + 1)];
    return [key, trusted.get(key) ?? OFF[section]?.[name] ?? ''];
  });
}

/** True where the settings of `overridesOf` turn a filter off, the user's own included. */
export function hasFilter(overrides: readonly Setting[]): boolean {
  return overrides.some(([key]) => key.startsWith('filter.'));
}

/** Variables that name a program or make one load code, beside all of git's own. */
const DROPPED =
  /^(GIT_|LC_|LANG|LD_|DYLD_|PYTHON|PERL|RUBY)|^(SSH_ASKPASS|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE|BROWSER)$/i;

/**
 * All variables of a git: those of this process without what names another repository or a program, and the settings.
 * Settings go in variables and not in `-c`, which splits a name that holds `=` at the wrong place.
 */
export function gitEnvironment(settings: readonly Setting[]): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !DROPPED.test(entry[0]) && !/^PATH$/i.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    PATH: foldersOnPath(process.env).join(delimiter),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_EDITOR: ':',
    GIT_SEQUENCE_EDITOR: ':',
    GIT_PAGER: 'cat',
    GIT_NO_REPLACE_OBJECTS: '1',
    // Fetching a missing object runs programs that the repository names. Old versions of git know the second alone.
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    ...settingsEnvironment(settings),
  };
}

/** The variables that set these for a git, and for each git that it starts. */
export function settingsEnvironment(settings: readonly Setting[]): Record<string, string> {
  const configuration = settings.flatMap(([key, value], index): [string, string][] => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { ...Object.fromEntries(configuration), GIT_CONFIG_COUNT: String(settings.length) };
}

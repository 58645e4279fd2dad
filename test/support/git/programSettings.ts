/** All settings of git that can name a program, as `git help --config` writes them, each with what a trap sets. */

export interface Trap {
  /** The path of a program that notes that it ran. It has no space in it. */
  program: string;
  /** A folder with a hook of every name. */
  hooks: string;
  /** A file of git's configuration with more traps. */
  included: string;
  /** A file of attributes that names the filter, the diff driver and the merge driver `evil` for all files. */
  attributes: string;
}

type Values = (trap: Trap) => Readonly<Record<string, string>>;

const program =
  (...names: string[]): Values =>
  ({ program: path }) =>
    Object.fromEntries(names.map((name) => [name, path]));
const fixed =
  (values: Readonly<Record<string, string>>): Values =>
  () =>
    values;

export const PROGRAM_SETTINGS: Readonly<Record<string, Values>> = {
  'alias.*': (trap) =>
    Object.fromEntries(
      ['status', 'rev-parse', 'cat-file', 'x', 'cherry-pick'].map((name) => [`alias.${name}`, `!${trap.program}`]),
    ),
  'browser.<tool>.cmd': program('browser.evil.cmd'),
  'browser.<tool>.path': program('browser.evil.path'),
  'commit.gpgSign': fixed({ 'commit.gpgSign': 'true' }),
  'core.alternateRefsCommand': program('core.alternateRefsCommand'),
  'core.askPass': program('core.askPass'),
  'core.attributesFile': ({ attributes }) => ({ 'core.attributesFile': attributes }),
  'core.editor': program('core.editor'),
  'core.fsmonitor': program('core.fsmonitor'),
  'core.gitProxy': program('core.gitProxy'),
  'core.hooksPath': ({ hooks }) => ({ 'core.hooksPath': hooks }),
  'core.pager': program('core.pager'),
  'core.sshCommand': program('core.sshCommand'),
  'credential.<url>.*': program('credential.https://evil.example.helper'),
  'credential.helper': program('credential.helper'),
  'diff.<driver>.command': program('diff.evil.command'),
  'diff.<driver>.textconv': program('diff.evil.textconv'),
  'diff.external': program('diff.external'),
  'diff.guitool': fixed({ 'diff.guitool': 'evil' }),
  'diff.tool': fixed({ 'diff.tool': 'evil' }),
  'difftool.<tool>.cmd': program('difftool.evil.cmd'),
  'difftool.<tool>.path': program('difftool.evil.path'),
  'extensions.partialClone': fixed({ 'extensions.partialClone': 'evil' }),
  'filter.<driver>.clean': program('filter.evil.clean'),
  'filter.<driver>.process': program('filter.evil.process'),
  'filter.<driver>.smudge': program('filter.evil.smudge'),
  'gpg.<format>.program': program('gpg.openpgp.program', 'gpg.x509.program', 'gpg.ssh.program'),
  'gpg.program': program('gpg.program'),
  'gpg.ssh.defaultKeyCommand': program('gpg.ssh.defaultKeyCommand'),
  'guitool.<name>.cmd': program('guitool.evil.cmd'),
  'help.autoCorrect': fixed({ 'help.autoCorrect': 'immediate' }),
  'help.browser': program('help.browser'),
  'hook.<name>.command': (trap) => ({ 'hook.evil.command': trap.program, 'hook.evil.event': 'post-checkout' }),
  'http.proxy': fixed({ 'http.proxy': 'http://127.0.0.1:9' }),
  'include.path': ({ included }) => ({ 'include.path': included }),
  'includeIf.<condition>.path': ({ included }) => ({ 'includeIf.gitdir:/**.path': included }),
  'init.templateDir': ({ hooks }) => ({ 'init.templateDir': hooks }),
  'instaweb.browser': program('instaweb.browser'),
  'interactive.diffFilter': program('interactive.diffFilter'),
  'lfs.customtransfer': program('lfs.customtransfer.evil.path'),
  'lfs.extension': program('lfs.extension.evil.clean', 'lfs.extension.evil.smudge'),
  'lfs.standalonetransferagent': fixed({ 'lfs.standalonetransferagent': 'evil' }),
  'log.showSignature': fixed({ 'log.showSignature': 'true' }),
  'man.<tool>.cmd': program('man.evil.cmd'),
  'man.<tool>.path': program('man.evil.path'),
  'merge.<driver>.driver': program('merge.evil.driver'),
  'merge.<driver>.recursive': program('merge.evil.recursive'),
  'merge.guitool': fixed({ 'merge.guitool': 'evil' }),
  'merge.tool': fixed({ 'merge.tool': 'evil' }),
  'merge.verifySignatures': fixed({ 'merge.verifySignatures': 'true' }),
  'mergetool.<tool>.cmd': program('mergetool.evil.cmd'),
  'mergetool.<tool>.path': program('mergetool.evil.path'),
  'pager.<cmd>': program('pager.log', 'pager.diff', 'pager.for-each-ref', 'pager.config'),
  'push.gpgSign': fixed({ 'push.gpgSign': 'true' }),
  'remote.<name>.promisor': fixed({ 'remote.evil.promisor': 'true' }),
  'remote.<name>.proxy': fixed({ 'remote.evil.proxy': 'http://127.0.0.1:9' }),
  'remote.<name>.receivepack': program('remote.evil.receivepack'),
  'remote.<name>.uploadpack': program('remote.evil.uploadpack'),
  'remote.<name>.url': (trap) => ({ 'remote.evil.url': `ext::${trap.program}` }),
  'remote.<name>.vcs': fixed({ 'remote.evil.vcs': 'ext' }),
  'remote.pushDefault': fixed({ 'remote.pushDefault': 'evil' }),
  'sendemail.ccCmd': program('sendemail.ccCmd'),
  'sendemail.tocmd': program('sendemail.tocmd'),
  'sequence.editor': program('sequence.editor'),
  'status.submoduleSummary': fixed({ 'status.submoduleSummary': 'true' }),
  'submodule.<name>.update': (trap) => ({ 'submodule.lib.update': `!${trap.program}` }),
  'submodule.<name>.url': (trap) => ({ 'submodule.lib.url': `ext::${trap.program}` }),
  'submodule.recurse': fixed({ 'submodule.recurse': 'true' }),
  'tag.gpgSign': fixed({ 'tag.gpgSign': 'true' }),
  'tar.<format>.command': program('tar.evil.command'),
  'trailer.<token>.cmd': program('trailer.evil.cmd'),
  'trailer.<token>.command': program('trailer.evil.command'),
  'uploadpack.packObjectsHook': program('uploadpack.packObjectsHook'),
  'url.<base>.insteadOf': (trap) => ({ [`url.ext::${trap.program}.insteadOf`]: '/' }),
  'web.browser': program('web.browser'),
};

/** Names that look as if they named a program, and name none. */
const HARMLESS =
  /^(advice\.|color\.|column\.|completion\.|fsck\.|receive\.fsck\.|gitcvs\.|gitweb\.|sendemail\.alias|clean\.|commit\.(cleanup|template)|core\.(fsmonitorHookVersion|quotePath)|credential\.(useHttpPath|username)|diff\.<driver>\.(binary|cachetextconv|wordRegex|xfuncname)|fsmonitor\.|guitool\.<name>\.(?!cmd)|help\.htmlPath|http\.|instaweb\.modulePath|merge\.<driver>\.name|mergetool\.|notes\.|rebase\.|remote\.<name>\.(partialclonefilter|proxyAuthMethod)|uploadpack\.(?!packObjectsHook)|uploadpackfilter\.|clone\.filterSubmodules|commitGraph\.|gpg\.(format|minTrustLevel|ssh\.\w+File)|log\.|difftool\.(prompt|guiDefault|trustExitCode))/i;
const LOOKS_LIKE_A_PROGRAM =
  /command|cmd|program|hook|driver|editor|pager|helper|textconv|browser|uploadpack|receivepack|vcs$|proxy|fsmonitor|smudge|clean|process|external|askpass|templateDir|^include|^alias|diffFilter|tool$|exec|filter|\.path$|custom/i;

/** The settings in the output of `git help --config` that may name a program and of which the table does not know. */
export function unknownProgramSettings(help: string): string[] {
  const known = new Set(Object.keys(PROGRAM_SETTINGS).map((name) => name.toLowerCase()));
  return help
    .split('\n')
    .filter((name) => LOOKS_LIKE_A_PROGRAM.test(name) && !HARMLESS.test(name) && !known.has(name.toLowerCase()))
    .filter((name) => /^[a-z][\w-]*\.\S+$/i.test(name));
}

/** Access lists and extended attributes of files, which Node cannot read. On Windows they are left out. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { foldersOnPath, isProgramFile } from '../../../common/processes/programFile';
import type { ProcessResult } from '../../../common/processes/runProcess';
import { CorralError } from '../../../storage/errors';
import type { Git } from '../git';
import { encodePath, encodePaths, foldersAbove, pathFromBytes, pathToText } from '../pathBytes';
import type { WorktreeFolder } from '../sessionWorktree';
import { examineFile, listFiles } from './fileList';

export interface ExtendedAttributes {
  /** Archives of GNU tar: one of folders, one of files without their content. Empty where no file has any. */
  archives: Buffer[];
  /** What could not be recorded, in words. */
  notCaptured: string[];
}

const KINDS = ['--acls', '--xattrs', '--xattrs-include=user.*', '--xattrs-include=security.capability'] as const;
/** So that the same attributes are the same bytes. */
const REPRODUCIBLE = [
  '--format=pax',
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
  '--mtime=@0',
  '--numeric-owner',
  '--hard-dereference',
  // Nobody but root can give an attribute to a file that its owner may not write; modes are recorded elsewhere.
  '--mode=u+rwX',
] as const;
/** Prints the names of attributes, too. */
const VERBOSE = ['-vvv', '--quoting-style=c', '--numeric-owner'] as const;
/** Names end in NUL, and none is taken for an option. */
const FROM_LIST = ['--no-recursion', '--null', '--verbatim-files-from', '--files-from=-'] as const;
const MAX_ARGUMENT_BYTES = 100_000;

/** Records the attributes of these files and folders (paths as bytes). */
export async function captureExtendedAttributes(
  folder: WorktreeFolder,
  files: readonly string[],
  folders: readonly string[],
): Promise<ExtendedAttributes> {
  if (process.platform === 'win32') return { archives: [], notCaptured: [] };
  if (process.platform === 'darwin') return { archives: [], notCaptured: await findOnMac(folder) };
  const tar = await findGnuTar(folder.repository.git, folder.path);
  if (tar === undefined)
    return { archives: [], notCaptured: ['extended attributes, which cannot be read here without GNU tar'] };
  const { signal } = folder;
  const { git } = folder.repository;
  const listed = await git.runProgram(
    folder.path,
    [tar, '--create', '--file=/dev/null', '--hard-dereference', ...KINDS, ...VERBOSE, ...FROM_LIST],
    { input: belowFolder([...folders, ...files]), signal },
  );
  if (!isComplete(listed)) return { archives: [], notCaptured: [`extended attributes (${firstLine(listed.stderr)})`] };
  const found = withAttributes(listed.stdout.toString('latin1'));
  if (found.size === 0) return { archives: [], notCaptured: [] };

  const [foundFiles, foundFolders] = [
    files.filter((path) => found.has(path)),
    folders.filter((path) => found.has(path)),
  ];
  const unnamable = foundFiles.filter((path) => !Buffer.from(pathToText(path), 'utf8').equals(encodePath(path)));
  const notCaptured = unnamable.map((path) => `${pathToText(path)}: extended attributes`);
  const shadow = await makeShadow(folder.path);
  try {
    const named = foundFiles.filter((path) => !unnamable.includes(path));
    await copyAttributes(git, folder.path, named, shadow);
    const parents = new Set(['', ...[...named, ...foundFolders].flatMap(foldersAbove), ...foundFolders]);
    const archives = [
      await archive(git, tar, folder.path, [...parents].sort()),
      await archive(git, tar, shadow, named),
    ];
    return { archives, notCaptured };
  } finally {
    await rm(shadow, { recursive: true, force: true });
  }
}

/** Gives the attributes of `archives` to files and folders that are there. Their modes may change with it. */
export async function restoreExtendedAttributes(folder: WorktreeFolder, archives: readonly Buffer[]): Promise<void> {
  const { git } = folder.repository;
  const [tar, cp] = await Promise.all([findGnuTar(git, folder.path), findProgram('cp')]);
  if (archives.length === 0 || tar === undefined || cp === undefined) return;
  const shadow = await makeShadow(folder.path);
  try {
    for (const input of archives)
      await run(git, shadow, [tar, '--extract', '--file=-', ...KINDS, '--no-same-owner'], input);
    // Without those that are gone by now: `cp` would make empty ones.
    const { files } = await listFiles(shadow);
    for (const { path, kind } of files.reverse()) {
      const present = await examineFile(folder.path, path);
      if (present?.kind !== kind) await rm(pathFromBytes(shadow, path), { recursive: true, force: true });
      else if (kind === 'file') await chmod(pathFromBytes(folder.path, path), present.mode | 0o600);
    }
    const options = ['--recursive', '--attributes-only', '--preserve=mode,xattr', '--no-dereference'];
    await run(git, folder.path, [cp, ...options, '--no-target-directory', '--', shadow, folder.path]);
  } finally {
    await rm(shadow, { recursive: true, force: true });
  }
}

/** A folder beside the worktree, since the disk of temporary files may know no such attributes. */
async function makeShadow(worktreePath: string): Promise<string> {
  const shadow = `${worktreePath}.attributes`;
  await rm(shadow, { recursive: true, force: true });
  await mkdir(shadow, { mode: 0o700 });
  return shadow;
}

/** Makes empty files with the attributes of these. */
async function copyAttributes(git: Git, from: string, files: readonly string[], shadow: string): Promise<void> {
  const cp = await findProgram('cp');
  if (cp === undefined || files.length === 0) return;
  const options = ['--attributes-only', '--preserve=mode,xattr', '--no-dereference', '--parents'];
  for (let start = 0; start < files.length;) {
    const batch: string[] = [];
    for (let bytes = 0; start < files.length && bytes < MAX_ARGUMENT_BYTES; start++) {
      batch.push(pathToText(files[start] ?? ''));
      bytes += files[start]?.length ?? 0;
    }
    await run(git, from, [cp, ...options, `--target-directory=${shadow}`, '--', ...batch]);
  }
}

async function archive(git: Git, tar: string, from: string, paths: readonly string[]): Promise<Buffer> {
  const argv = [tar, '--create', '--file=-', ...KINDS, ...REPRODUCIBLE, ...FROM_LIST] as const;
  return (await run(git, from, argv, belowFolder(paths))).stdout;
}

async function run(
  git: Git,
  directory: string,
  argv: readonly [program: string, ...parameters: string[]],
  input?: Uint8Array,
): Promise<ProcessResult> {
  const result = await git.runProgram(directory, argv, input === undefined ? {} : { input });
  if (result.exitCode !== 0)
    throw new CorralError(
      'WORKTREE_FAILED',
      l10n.t('Extended attributes of files cannot be kept ({reason}).', { reason: firstLine(result.stderr) }),
    );
  return result;
}

/** False where tar looked at less than it was asked for. What is gone by now is no concern of ours. */
function isComplete({ exitCode, stderr }: ProcessResult): boolean {
  const problems = stderr
    .split('\n')
    .filter((line) => line !== '' && !/No such file or directory$|Exiting with failure status/.test(line));
  return exitCode !== undefined && problems.length === 0;
}

/** The paths after whose line there is one with an access list or an attribute. */
function withAttributes(listing: string): Set<string> {
  const found = new Set<string>();
  let path: string | undefined;
  for (const line of listing.split('\n')) {
    if (/^ {2}[ax]: /.test(line)) {
      if (path !== undefined) found.add(path);
    } else path = pathOfLine(line);
  }
  return found;
}

function pathOfLine(line: string): string | undefined {
  const quoted = /^[^"]*"((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  if (quoted === undefined) return undefined;
  const letters: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
  const path = quoted.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(parseInt(code, 8)) : (letters[code] ?? code),
  );
  return path.replace(/^\.\//, '').replace(/\/$/, '');
}

/** With `./`, so that the worktree's folder itself has a name. */
function belowFolder(paths: readonly string[]): Buffer {
  return encodePaths(paths.map((path) => `./${path}`));
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

async function findGnuTar(git: Git, directory: string): Promise<string | undefined> {
  const tar = await findProgram('tar');
  if (tar === undefined) return undefined;
  const { stdout } = await git.runProgram(directory, [tar, '--version']);
  return stdout.toString('latin1').includes('GNU tar') ? tar : undefined;
}

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of foldersOnPath(process.env)) {
    const file = join(folder, name);
    if (await isProgramFile(file)) return file;
  }
  return undefined;
}

/** macOS has no program that records them for single files. Attributes of the system itself are left out. */
async function findOnMac({ repository: { git }, path, signal }: WorktreeFolder): Promise<string[]> {
  const [lists, attributes] = [
    await git.runProgram(path, ['/bin/ls', '-AleR'], { signal }),
    await git.runProgram(path, ['/usr/bin/xattr', '-r', '.'], { signal }),
  ];
  const hasLists = /^ \d+: /m.test(lists.stdout.toString('latin1'));
  const others = attributes.stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '' && !/: com\.apple\.[\w.#]+$/.test(line));
  return [
    ...(hasLists ? ['access lists of files'] : []),
    ...(others[0] === undefined ? [] : [`extended attributes (${others[0]})`]),
  ];
}

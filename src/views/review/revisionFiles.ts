import * as v from 'valibot';
import * as vscode from 'vscode';
import { openRegular } from '../../common/disks/regularFile';
import type { Git } from '../../supervisor/git/git';
import { commonDirectoryOf, gitDirectoryOf } from '../../supervisor/git/gitDirectory';
import { withObjects } from '../../supervisor/git/isolated/isolatedGit';
import { isObjectId } from '../../supervisor/git/repository';
import { ReadOnlyFiles } from '../readOnlyFiles';

const SCHEME = 'corral-revision';
/** A file that a snapshot keeps outside of git, by the hash of its bytes. */
const KEPT_FILE = /[\\/]filtered[\\/][0-9a-f]{64}$/;
const querySchema = v.object({
  repository: v.string(),
  path: v.string(),
  revision: v.pipe(v.string(), v.check(isObjectId)),
  /** Of a file with a filter: where its own bytes are kept. No other file is read through this scheme. */
  kept: v.optional(v.pipe(v.string(), v.regex(KEPT_FILE))),
});

/**
 * The address of a file as it was in a commit or tree, or of its own bytes in `file`, where git has others.
 * It has the path of the file in `folder`: the diff editor would take another path for a rename.
 */
export function revisionUri(
  folder: string,
  path: string,
  repository: string,
  revision: string,
  file?: string,
): vscode.Uri {
  if (file !== undefined && !KEPT_FILE.test(file)) return vscode.Uri.file(file); // it is in a worktree
  return vscode.Uri.joinPath(vscode.Uri.file(folder), path).with({
    scheme: SCHEME,
    query: JSON.stringify({ repository, path, revision, kept: file }),
  });
}

/** The commit or tree of such an address; undefined for any other. */
export function revisionOf(uri: vscode.Uri): string | undefined {
  return uri.scheme === SCHEME ? queryOf(uri).revision : undefined;
}

/** Files from git's objects, read-only and byte for byte, so that pictures can be shown as well as text. */
export class RevisionFiles extends ReadOnlyFiles {
  readonly #git: Git;

  private constructor(git: Git) {
    super();
    this.#git = git;
  }

  static register(git: Git): vscode.Disposable {
    return vscode.workspace.registerFileSystemProvider(SCHEME, new RevisionFiles(git), {
      isReadonly: true,
      isCaseSensitive: true,
    });
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { kept } = queryOf(uri);
    if (kept !== undefined) return await readKept(uri, kept);
    return await this.#run(uri, (place) => ['cat-file', 'blob', place]);
  }

  /** A folder of the commit or tree, as git sorts it. Submodules are left out. */
  override async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const entries = (await this.#run(uri, (place) => ['ls-tree', '-z', place])).toString().split('\0');
    return entries.flatMap((entry): [string, vscode.FileType][] => {
      const [, mode, type, name] = /^(\d+) (\w+) [0-9a-f]+\t([^]+)$/.exec(entry) ?? [];
      if (name === undefined || type === 'commit') return [];
      if (type === 'tree') return [[name, vscode.FileType.Directory]];
      return [[name, mode === '120000' ? vscode.FileType.SymbolicLink : vscode.FileType.File]];
    });
  }

  protected override async sizeOf(uri: vscode.Uri): Promise<number> {
    const { kept } = queryOf(uri);
    if (kept !== undefined) return (await readKept(uri, kept)).length;
    return Number((await this.#run(uri, (place) => ['cat-file', '-s', place])).toString());
  }

  /** Runs git for the place of the file in the objects. */
  async #run(uri: vscode.Uri, parameters: (place: string) => string[]): Promise<Buffer> {
    // VS Code reopens the tab of such a file also in a window that is no longer trusted.
    if (!vscode.workspace.isTrusted)
      throw vscode.FileSystemError.Unavailable(vscode.l10n.t('Corral does not run Git in Restricted Mode.'));
    try {
      const { repository, path, revision } = queryOf(uri);
      const gitDirectory = await gitDirectoryOf(repository);
      if (gitDirectory === undefined) throw vscode.FileSystemError.FileNotFound(uri);
      const place = {
        git: this.#git,
        mainWorktree: repository,
        commonDirectory: await commonDirectoryOf(gitDirectory),
      };
      return await withObjects(place, async (objects) => (await objects.run(parameters(`${revision}:${path}`))).stdout);
    } catch {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
  }
}

function queryOf(uri: vscode.Uri): v.InferOutput<typeof querySchema> {
  try {
    return v.parse(querySchema, JSON.parse(uri.query));
  } catch {
    throw vscode.FileSystemError.FileNotFound(uri);
  }
}

async function readKept(uri: vscode.Uri, path: string): Promise<Uint8Array> {
  try {
    const file = await openRegular(path);
    return await file.readFile().finally(async () => await file.close());
  } catch {
    throw vscode.FileSystemError.FileNotFound(uri);
  }
}

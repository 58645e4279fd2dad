import type { IsolatedGit } from '../../isolated/isolatedGit';
import { encodePath, quotePath } from '../../pathBytes';
import type { ChangedFile } from './changedFiles';
import { messageOf, personOf, type SnapshotCommitContent } from '../snapshotRef';

/**
 * Writes a commit whose tree is that of its first parent with these changes, by one git process. What the parent has
 * and nothing changed is not looked at.
 */
export async function importCommit(
  git: IsolatedGit,
  content: SnapshotCommitContent,
  changed: readonly ChangedFile[],
): Promise<{ commit: string; tree: string }> {
  const [first = '', ...others] = content.parents;
  const present = changed.filter((file) => file.content !== undefined);
  const gone = changed.filter((file) => file.content === undefined);
  const message = Buffer.from(messageOf(content), 'utf8');
  const parts: (string | Buffer)[] = [
    `commit refs/heads/none\nmark :1\ncommitter ${personOf(content)}\ndata ${String(message.length)}\n`,
    message,
    `from ${first}\n`,
    ...others.map((parent) => `merge ${parent}\n`),
    // First, since a folder may have become a file.
    ...gone.map(({ path }) => `D ${quotePath(path)}\n`),
  ];
  for (const { path, content: file } of present)
    if (file !== undefined)
      parts.push(`M ${file.mode} inline ${quotePath(path)}\ndata ${String(file.bytes.length)}\n`, file.bytes, '\n');
  parts.push('\nget-mark :1\nls :1 ""\ndone\n');
  const input = Buffer.concat(parts.map((part) => (typeof part === 'string' ? encodePath(part) : part)));
  const answers = (await git.text(['fast-import', '--quiet', '--done'], { input })).split('\n');
  const [commit = '', tree = ''] = answers.map((line) => /[0-9a-f]{40,64}/.exec(line)?.[0]);
  return { commit, tree };
}

/** How the demo agent reads and edits files. It edits only those inside its working directory. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode, messageOf } from '../../../common/errors';
import { isInside } from '../../../common/isInside';
import { startOf } from '../../../common/shorten';

const MAX_SHOWN_CHARACTERS = 20_000;

export async function readFileOf(path: string): Promise<{ output: string; isError: boolean }> {
  try {
    const content = await readFile(path, 'utf8');
    const lines = startOf(content, MAX_SHOWN_CHARACTERS)
      .split('\n')
      .map((line, index) => `${index + 1}\t${line}`);
    return { output: lines.join('\n'), isError: false };
  } catch (error) {
    return { output: messageOf(error), isError: true };
  }
}

export interface LineChange {
  tool: 'Edit' | 'Write';
  input: object;
  /** The `tool_use_result` of Claude's message. */
  structured: object;
  write(): Promise<void>;
}

/** Prepares a change that adds `line` to a new or existing file. Undefined where the file must not be edited. */
export async function addLine(path: string, line: string): Promise<LineChange | undefined> {
  if (path === process.cwd() || !isInside(path, process.cwd())) return undefined;
  const original = await readOriginal(path);
  if (original === undefined) return undefined;
  if (original.content === null) {
    const content = `${line}\n`;
    const write = async (): Promise<void> => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    };
    return {
      tool: 'Write',
      input: { file_path: path, content },
      structured: { type: 'create', filePath: path, content, structuredPatch: [], originalFile: null },
      write,
    };
  }
  const isComplete = original.content === '' || original.content.endsWith('\n');
  const lines = original.content.split('\n').slice(0, isComplete ? -1 : undefined);
  const last = lines.at(-1);
  const kept =
    last === undefined ? [] : isComplete ? [` ${last}`] : [`-${last}`, '\\ No newline at end of file', `+${last}`];
  const count = last === undefined ? 0 : 1;
  const hunk = {
    oldStart: lines.length,
    oldLines: count,
    newStart: Math.max(1, lines.length),
    newLines: count + 1,
    lines: [...kept, `+${line}`],
  };
  const content = `${original.content}${isComplete ? '' : '\n'}${line}\n`;
  return {
    tool: 'Edit',
    input: { file_path: path, old_string: last ?? '', new_string: last === undefined ? line : `${last}\n${line}` },
    structured: { filePath: path, originalFile: original.content, structuredPatch: [hunk] },
    write: () => writeFile(path, content),
  };
}

async function readOriginal(path: string): Promise<{ content: string | null } | undefined> {
  try {
    return { content: await readFile(path, 'utf8') };
  } catch (error) {
    return hasCode(error, 'ENOENT') ? { content: null } : undefined;
  }
}

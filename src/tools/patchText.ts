import { linesOf } from './editLines';
import type { EditHunk, EditLine, FileEdit } from './toolDescription';

const FILE = /^\*\*\* (Add|Update|Delete) File: (.+)$/;
const MOVE = /^\*\*\* Move to: (.+)$/;
const CHANGES = { Add: 'added', Update: 'modified', Delete: 'deleted' } as const;

/** The edits in the text of `apply_patch`; undefined for any other text, also where some of it cannot be read. */
export function editsOfPatch(patch: string): FileEdit[] | undefined {
  const lines = patch.trim().split('\n');
  if (lines.shift() !== '*** Begin Patch' || lines.pop() !== '*** End Patch') return undefined;
  const edits: FileEdit[] = [];
  for (const line of lines) {
    const [, verb, path] = FILE.exec(line) ?? [];
    const edit = edits.at(-1);
    const [, movedTo] = MOVE.exec(line) ?? [];
    if (path !== undefined && (verb === 'Add' || verb === 'Update' || verb === 'Delete'))
      edits.push({ path, change: CHANGES[verb], hunks: [] });
    else if (edit === undefined) return undefined;
    else if (movedTo !== undefined) Object.assign(edit, { movedTo, change: 'renamed' });
    else if (line.startsWith('@@')) edit.hunks.push({ lines: line === '@@' ? [] : [{ kind: 'note', text: line }] });
    else lastHunk(edit).lines.push(patchLine(line));
  }
  return edits;
}

function lastHunk(edit: FileEdit): EditHunk {
  const last = edit.hunks.at(-1);
  if (last !== undefined) return last;
  const hunk: EditHunk = { lines: [] };
  edit.hunks.push(hunk);
  return hunk;
}

function patchLine(line: string): EditLine {
  const kind = line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : undefined;
  if (kind !== undefined) return linesOf(kind, line.slice(1) || '\n')[0] ?? { kind, text: '' };
  return line.startsWith(' ') || line === '' ? { kind: 'same', text: line.slice(1) } : { kind: 'note', text: line };
}

/** Which files a call changes and how, from the input of any agent's editing tools. */
import * as v from 'valibot';
import { hunkOfTexts, hunksOfDiff, linesOf } from './editLines';
import { editsOfPatch } from './patchText';
import type { EditHunk, FileEdit } from './toolDescription';
import type { ToolFields } from './toolFields';

export const PATH_FIELDS = ['file_path', 'filePath', 'filepath', 'absolute_path', 'notebook_path', 'path'] as const;
const OLD_FIELDS = ['old_string', 'oldString', 'old_str', 'before', 'oldText'] as const;
const NEW_FIELDS = ['new_string', 'newString', 'new_str', 'after', 'newText', 'new_source'] as const;
const CONTENT_FIELDS = ['content', 'file_text', 'contents'] as const;
const PATCH_FIELDS = ['patchText', 'patch', 'input'] as const;

const codexChangesSchema = v.array(
  v.strictObject({
    path: v.string(),
    kind: v.strictObject({
      type: v.picklist(['add', 'delete', 'update']),
      move_path: v.optional(v.nullable(v.string())),
    }),
    diff: v.optional(v.string()),
  }),
);
const textChangesSchema = v.array(
  v.strictObject({ path: v.string(), oldText: v.optional(v.nullable(v.string())), newText: v.string() }),
);
const editsSchema = v.array(
  v.strictObject({ old_string: v.string(), new_string: v.string(), replace_all: v.optional(v.boolean()) }),
);

/** Takes everything that says how files change. Undefined where the fields say nothing that is known. */
export function takeEdits(fields: ToolFields): FileEdit[] | undefined {
  return takeChanges(fields) ?? takePatch(fields) ?? takeFileEdit(fields);
}

function takeChanges(fields: ToolFields): FileEdit[] | undefined {
  const changes = fields.list('changes');
  if (changes === undefined) return undefined;
  const codex = v.safeParse(codexChangesSchema, changes);
  if (codex.success)
    return codex.output.map(({ path, kind: { type, move_path: movedTo }, diff = '' }): FileEdit => {
      const moved = movedTo === undefined || movedTo === null ? {} : { movedTo };
      if (type === 'update')
        return { path, ...moved, change: 'movedTo' in moved ? 'renamed' : 'modified', hunks: hunksOf(diff) };
      const lines = linesOf(type === 'add' ? 'added' : 'removed', diff);
      return {
        path,
        ...moved,
        change: type === 'add' ? 'added' : 'deleted',
        hunks: lines.length > 0 ? [{ lines }] : [],
      };
    });
  const texts = v.safeParse(textChangesSchema, changes);
  if (texts.success)
    return texts.output.map(({ path, oldText, newText }) => ({
      path,
      change: oldText === undefined || oldText === null ? 'written' : 'modified',
      hunks: [hunkOfTexts(oldText ?? '', newText)],
    }));
  fields.restore('changes', changes);
  return undefined;
}

function takePatch(fields: ToolFields): FileEdit[] | undefined {
  for (const name of PATCH_FIELDS) {
    const patch = fields.text(name);
    if (patch === undefined) continue;
    const edits = editsOfPatch(patch);
    if (edits !== undefined) return edits;
    fields.restore(name, patch);
  }
  return undefined;
}

/** Of one file, whose path is a field of its own. */
function takeFileEdit(fields: ToolFields): FileEdit[] | undefined {
  const path = fields.text(...PATH_FIELDS);
  if (path === undefined) return undefined;
  const edit = takeHunks(fields);
  return [{ path, change: 'modified', hunks: [], ...edit }];
}

function takeHunks(fields: ToolFields): Partial<FileEdit> {
  const diff = fields.text('diff');
  // Beside a diff, the texts are those of the whole file.
  if (diff !== undefined) return { hunks: hunksOf(diff) };
  const list = takeEditList(fields);
  if (list !== undefined) return { hunks: list };
  const oldText = fields.text(...OLD_FIELDS);
  const newText = fields.text(...NEW_FIELDS);
  if (oldText !== undefined || newText !== undefined) {
    fields.equals('replace_all', false);
    fields.equals('replaceAll', false);
    const isEverywhere = fields.equals('replace_all', true) || fields.equals('replaceAll', true);
    return { hunks: [{ ...hunkOfTexts(oldText ?? '', newText ?? ''), ...(isEverywhere ? { everywhere: true } : {}) }] };
  }
  const content = fields.text(...CONTENT_FIELDS);
  return content === undefined ? {} : { change: 'written', hunks: [{ lines: linesOf('added', content) }] };
}

/** Claude's `MultiEdit`. */
function takeEditList(fields: ToolFields): EditHunk[] | undefined {
  const list = fields.list('edits');
  if (list === undefined) return undefined;
  const parsed = v.safeParse(editsSchema, list);
  if (parsed.success)
    return parsed.output.map(({ old_string: oldText, new_string: newText, replace_all: isEverywhere }) => ({
      ...hunkOfTexts(oldText, newText),
      ...(isEverywhere === true ? { everywhere: true } : {}),
    }));
  fields.restore('edits', list);
  return undefined;
}

/** A diff that has no hunks is kept as notes. */
function hunksOf(diff: string): EditHunk[] {
  return diff === '' ? [] : hunksOfDiff(diff);
}

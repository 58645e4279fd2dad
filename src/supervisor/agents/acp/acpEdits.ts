/** Which calls are edits that Corral may allow by itself, as far as the call says it. */
import * as v from 'valibot';
import type { AcpToolUpdate } from './acpMessages';
import { pathsOf } from './acpTools';

/** Every field that an edit may have: one that is not known could be anything, such as a command or another path. */
const PATH_FIELDS: ReadonlySet<string> = new Set([
  ...['path', 'file_path', 'filePath', 'filepath', 'absolute_path', 'notebook_path'],
]);
const TEXT_FIELDS: ReadonlySet<string> = new Set([
  ...['content', 'file_text', 'old_string', 'new_string', 'oldString', 'newString', 'old_str', 'new_str'],
  ...['before', 'after', 'new_source', 'cell_id', 'cell_type', 'edit_mode'],
]);
const FLAG_FIELDS: ReadonlySet<string> = new Set([
  ...['replace_all', 'replaceAll', 'expected_replacements', 'insert_line', 'line'],
]);

/** Goose 1.52 tells no kind of a call, and `other` where it asks about it. */
const GOOSE_KINDS: ReadonlySet<string | undefined> = new Set([undefined, 'edit', 'other']);
const gooseSchema = v.object({
  goose: v.object({
    toolCall: v.object({ toolName: v.picklist(['write', 'edit']), extensionName: v.literal('developer') }),
  }),
});
const inputSchema = v.record(v.string(), v.unknown());

/**
 * Every path that the call would change; undefined where it is no edit, or says more than paths and text.
 * `isGoose`: the agent is Goose, whose own tools are known by name and extension.
 */
export function editedPaths(call: AcpToolUpdate, isGoose: boolean): string[] | undefined {
  const isEdit = isGoose ? GOOSE_KINDS.has(call.kind) && v.is(gooseSchema, call._meta) : call.kind === 'edit';
  if (!isEdit || call.content?.some(({ type }) => type === 'terminal')) return undefined;
  const paths = pathsOf(call);
  if (call.rawInput === undefined || call.rawInput === null) return paths;
  const input = v.safeParse(inputSchema, call.rawInput);
  if (!input.success || Array.isArray(call.rawInput)) return undefined;
  for (const [name, value] of Object.entries(input.output)) {
    if (PATH_FIELDS.has(name) && typeof value === 'string') paths.push(value);
    else if (TEXT_FIELDS.has(name) && (typeof value === 'string' || value === null)) continue;
    else if (name === 'diff' && typeof value === 'string' && paths.length > 0) paths.push(...diffPaths(value));
    else if (FLAG_FIELDS.has(name) && (typeof value === 'boolean' || typeof value === 'number')) continue;
    else return undefined;
  }
  return paths;
}

/** Headers of a diff, which opencode sends beside the path. */
const DIFF_HEADER = /^(?:---|\+\+\+|Index:|\*\*\* .*?:|rename to|copy to) +(.+?)(?:\t.*)?\r?$/gm;

/** Every path that a diff names, so that it cannot lead elsewhere than the path beside it. */
function diffPaths(diff: string): string[] {
  return [...diff.matchAll(DIFF_HEADER)].flatMap(([, path = '']) => (path === '/dev/null' ? [] : [path]));
}

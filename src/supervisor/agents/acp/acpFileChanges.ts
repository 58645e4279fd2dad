/** The file changes of a completed tool call. */
import { createTwoFilesPatch, diffLines } from 'diff';
import * as v from 'valibot';
import type { EventData, ToolCategory } from '../../../storage/events';
import { displayPath } from '../driver/displayPath';
import type { AcpDiff, AcpToolUpdate } from './acpMessages';
import { outputOf } from './acpTools';

/** For more changed lines no diff is computed: the snapshots have it. */
const MAX_CHANGED_LINES = 10_000;

export function fileChangesOf(call: AcpToolUpdate, category: ToolCategory, cwd: string): EventData<'file.change'>[] {
  const diffs = (call.content ?? []).filter((content) => content.type === 'diff');
  if (diffs.length > 0) return diffs.map((diff) => changeOf(diff, call.toolCallId, cwd));
  if (category !== 'edit') return [];
  // The agent reports no lines for this edit, but at least the files.
  const change = hasCreatedFile(call) ? 'added' : 'modified';
  return (call.locations ?? []).map(({ path }) => ({
    path: displayPath(path, [cwd]),
    change,
    callId: call.toolCallId,
  }));
}

function changeOf(
  { path: absolutePath, oldText, newText, _meta: meta }: AcpDiff,
  callId: string,
  cwd: string,
): EventData<'file.change'> {
  const path = displayPath(absolutePath, [cwd]);
  const isNew = oldText === null || oldText === undefined || meta?.kind === 'add';
  const change: EventData<'file.change'> = { path, change: isNew ? 'added' : 'modified', callId };
  const before = oldText ?? '';
  const lines = diffLines(before, newText, { maxEditLength: MAX_CHANGED_LINES });
  const diff = createTwoFilesPatch(
    isNew ? '/dev/null' : `a/${path}`,
    `b/${path}`,
    before,
    newText,
    undefined,
    undefined,
    {
      maxEditLength: MAX_CHANGED_LINES,
      headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
    },
  );
  if (lines === undefined || diff === undefined) return change;
  const countLines = (kind: 'added' | 'removed'): number =>
    lines.reduce((sum, part) => sum + (part[kind] ? part.count : 0), 0);
  return { ...change, addedLines: countLines('added'), removedLines: countLines('removed'), diff };
}

const createdSchema = v.object({ metadata: v.object({ exists: v.literal(false) }) });

/** opencode notes that the file did not exist before; Goose says so in its output. */
function hasCreatedFile(call: AcpToolUpdate): boolean {
  return v.is(createdSchema, call.rawOutput) || outputOf(call).startsWith('Created ');
}

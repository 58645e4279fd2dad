/** The input of a call as it is recorded: the agent's own, or the changes to files that it shows instead. */
import { createTwoFilesPatch } from 'diff';
import { visibleLine } from '../../../common/visibleText';
import type { AcpDiff, AcpToolUpdate } from './acpMessages';
import { isEmpty } from './acpTools';

/** Texts that differ in more lines are recorded whole. */
const MAX_CHANGED_LINES = 10_000;

export function inputOf(call: AcpToolUpdate): unknown {
  if (!isEmpty(call.rawInput ?? {})) return call.rawInput;
  const changes = (call.content ?? []).flatMap((content) => (content.type === 'diff' ? [changeShown(content)] : []));
  return changes.length === 0 ? {} : { changes };
}

/** The same for a question. A title that is shown shortened or by signs, and is all that there is, is in it too. */
export function inputOfQuestion(call: AcpToolUpdate, title: string): unknown {
  const input = inputOf(call);
  return isEmpty(input) && !visibleLine(title).isExact ? { title } : input;
}

/** In Codex's form: some agents show both texts of a whole file for a change of one line. */
function changeShown({ path, oldText, newText }: AcpDiff): object {
  if (oldText === null || oldText === undefined || oldText === '')
    return { path, kind: { type: 'add' }, diff: newText };
  const patch = createTwoFilesPatch(path, path, oldText, newText, undefined, undefined, {
    maxEditLength: MAX_CHANGED_LINES,
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: false },
  });
  return patch === undefined ? { path, oldText, newText } : { path, kind: { type: 'update' }, diff: patch };
}

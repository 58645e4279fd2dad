import type { Detail, TimelineEvent } from '../../../../src/protocol/timelineProtocol';
import { kindOf } from '../../../../src/tools/toolKinds';
import type { ToolKind } from '../../../../src/tools/toolDescription';
import { parentIdOf } from './callIndex';
import type { ToolCall } from './callIndex';

/** What of the events before decides how the next ones are folded. Both are `seq` of a row, or 0 for none. */
export interface FoldState {
  /** The row to which another call of the same kind belongs. */
  readonly group: number;
  /** The row of a turn's end to which a snapshot, and the end of the run, belong. */
  readonly ending: number;
}

export const NO_FOLD: FoldState = { group: 0, ending: 0 };

/** Calls that are what a person reads, not steps on the way. */
const SPEAKING_KINDS: ReadonlySet<ToolKind | undefined> = new Set(['question', 'plan', 'agent']);

/**
 * The row of each event by its own place: its own `seq` where it has a row, another's where it is part of that one's
 * row, 0 where it has none. What belongs to a call is not decided here, since the call may not be loaded.
 */
export function foldEvents(
  events: readonly (TimelineEvent | undefined)[],
  firstSeq: number,
  start: FoldState,
  detail: Detail,
): { rows: number[]; end: FoldState } {
  let state = start;
  const rows = events.map((event, index) => {
    const seq = firstSeq + index;
    const folded = event === undefined ? { row: seq, state: NO_FOLD } : foldEvent(event, state, detail);
    state = folded.state;
    return folded.row;
  });
  return { rows, end: state };
}

function foldEvent(event: TimelineEvent, state: FoldState, detail: Detail): { row: number; state: FoldState } {
  const { seq } = event;
  const ownRow = { row: seq, state: NO_FOLD };
  const noRow = { row: 0, state };
  if (detail === 'everything') return ownRow;
  switch (event.kind) {
    case 'tool.call':
      if (parentIdOf(event) !== undefined) return { row: seq, state };
      if (isPlanTool(event)) return noRow;
      if (!canGroup(event, detail)) return ownRow;
      return state.group === 0
        ? { row: seq, state: { group: seq, ending: 0 } }
        : { row: state.group, state: { group: state.group, ending: 0 } };
    case 'tool.result':
      return { row: seq, state };
    case 'file.change':
    case 'permission.request':
      return event.data.callId === undefined ? ownRow : { row: seq, state };
    case 'permission.answer':
      return { row: seq, state };
    case 'reasoning':
      if (parentIdOf(event) !== undefined) return { row: seq, state };
      return detail === 'summary' ? noRow : ownRow;
    case 'status':
      return event.data.from === event.data.to ? ownRow : noRow; // a note, or a state that other events show
    case 'turn.started':
      return event.data.turn > 1 ? ownRow : noRow;
    case 'turn.ended':
      return { row: seq, state: { group: 0, ending: seq } };
    case 'run.exited':
      return state.ending !== 0 && event.data.outcome === 'completed'
        ? { row: state.ending, state }
        : { row: seq, state: { group: 0, ending: seq } };
    case 'snapshot':
      return { row: state.ending, state };
    case 'plan':
    case 'usage':
    case 'agent.session':
      return noRow;
    case 'message':
    case 'error':
    case 'output':
    case 'run.started':
      return ownRow;
    default:
      return event satisfies never;
  }
}

/** True for a call that only updates the plan, which the page shows beside the list. */
export function isPlanTool(call: ToolCall): boolean {
  return callKind(call) === 'todo';
}

/** What the call is for; undefined where its name and category do not tell. */
export function callKind({ data: { name, category } }: ToolCall): ToolKind | undefined {
  return kindOf(name, category, undefined);
}

/** True for calls that share a row with those before and after them. */
function canGroup(call: ToolCall, detail: Detail): boolean {
  const kind = callKind(call);
  return kind === 'read' || kind === 'search' || (detail === 'summary' && !SPEAKING_KINDS.has(kind));
}

import type { EventKind } from '../../../src/storage/events';
import { MAX_EVENTS_PER_QUERY } from '../../../src/protocol/timelineProtocol';
import type { FilterContext } from '../filter/eventFilter';

/** What a replay can jump to. */
export const JUMP_TARGETS = {
  turn: { label: 'Turn', kinds: ['turn.started'], failed: false },
  permission: { label: 'Permission', kinds: ['permission.request'], failed: false },
  snapshot: { label: 'Snapshot', kinds: ['snapshot'], failed: false },
  failure: { label: 'Failure', kinds: undefined, failed: true },
} as const satisfies Record<string, { label: string; kinds: readonly EventKind[] | undefined; failed: boolean }>;
export type JumpTarget = keyof typeof JUMP_TARGETS;

/** The nearest row with a target, at `fromRow` or beyond it in the direction; undefined where there is none. */
export async function findJumpTarget(
  context: Pick<FilterContext, 'playlist' | 'find'>,
  target: JumpTarget,
  fromRow: number,
  direction: 'back' | 'forward',
): Promise<number | undefined> {
  const { kinds, failed } = JUMP_TARGETS[target];
  const playlist = context.playlist();
  for (let row = fromRow; ;) {
    const place = playlist.placeOf(row);
    const run = playlist.runs.find(({ runId }) => runId === place?.runId);
    if (place === undefined || run === undefined) return undefined;
    const isForward = direction === 'forward';
    const fromSeq = isForward ? place.seq : Math.max(1, place.seq - MAX_EVENTS_PER_QUERY + 1);
    const toSeq = isForward ? Math.min(run.eventCount, place.seq + MAX_EVENTS_PER_QUERY - 1) : place.seq;
    const found = await context.find({
      runId: run.runId,
      fromSeq,
      toSeq,
      text: '',
      failed,
      tool: '',
      file: '',
      kinds: kinds === undefined ? undefined : [...kinds],
    });
    const seq = isForward ? found?.seqs.at(0) : found?.seqs.at(-1);
    if (seq !== undefined) return row + seq - place.seq;
    if (found === undefined) return undefined;
    row += isForward ? toSeq - fromSeq + 1 : fromSeq - toSeq - 1;
  }
}

import type { EventKind } from '../../src/storage/events';
import { STEP_EVENTS } from './filter/eventFilter';
import type { FilterStage } from './filter/eventFilter';

/** What a replay can jump to. */
export const LANDMARKS = {
  turn: { label: 'Turn', kinds: ['turn.started'], failed: false },
  permission: { label: 'Permission', kinds: ['permission.request'], failed: false },
  snapshot: { label: 'Snapshot', kinds: ['snapshot'], failed: false },
  failure: { label: 'Failure', kinds: undefined, failed: true },
} as const satisfies Record<string, { label: string; kinds: readonly EventKind[] | undefined; failed: boolean }>;
export type Landmark = keyof typeof LANDMARKS;

/** The nearest row with a landmark, at `fromRow` or beyond it in the direction; undefined where there is none. */
export async function rowOfLandmark(
  stage: Pick<FilterStage, 'track' | 'find'>,
  landmark: Landmark,
  fromRow: number,
  direction: 'back' | 'forward',
): Promise<number | undefined> {
  const { kinds, failed } = LANDMARKS[landmark];
  const track = stage.track();
  for (let row = fromRow; ;) {
    const place = track.placeOf(row);
    const run = track.runs.find(({ runId }) => runId === place?.runId);
    if (place === undefined || run === undefined) return undefined;
    const isForward = direction === 'forward';
    const fromSeq = isForward ? place.seq : Math.max(1, place.seq - STEP_EVENTS + 1);
    const toSeq = isForward ? Math.min(run.eventCount, place.seq + STEP_EVENTS - 1) : place.seq;
    const found = await stage.find({
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

import * as l10n from '@vscode/l10n';
import type { EventKind } from '../../../src/storage/events';
import { MAX_EVENTS_PER_QUERY } from '../../../src/protocol/timelineProtocol';
import type { FindContext } from './eventFilter';
import type { Replay } from './replay';

export type JumpTarget = 'edit' | 'turn' | 'permission' | 'snapshot' | 'failure';

interface JumpTargetDefinition {
  label: string;
  /** Labels of the buttons that jump there. */
  previous: string;
  next: string;
  kinds: readonly EventKind[] | undefined;
  failed: boolean;
}

/** What a replay can jump to. */
export const JUMP_TARGETS: Record<JumpTarget, JumpTargetDefinition> = {
  edit: {
    label: l10n.t('Edit'),
    previous: l10n.t('Previous edit'),
    next: l10n.t('Next edit'),
    kinds: ['file.change'],
    failed: false,
  },
  turn: {
    label: l10n.t('Turn'),
    previous: l10n.t('Previous turn'),
    next: l10n.t('Next turn'),
    kinds: ['turn.started'],
    failed: false,
  },
  permission: {
    label: l10n.t('Permission'),
    previous: l10n.t('Previous permission'),
    next: l10n.t('Next permission'),
    kinds: ['permission.request'],
    failed: false,
  },
  snapshot: {
    label: l10n.t('Snapshot'),
    previous: l10n.t('Previous snapshot'),
    next: l10n.t('Next snapshot'),
    kinds: ['snapshot'],
    failed: false,
  },
  failure: {
    label: l10n.t('Failure'),
    previous: l10n.t('Previous failure'),
    next: l10n.t('Next failure'),
    kinds: undefined,
    failed: true,
  },
};

/** Moves the replay to the next target of a kind, or the one before; to the end or the start where there is none. */
export async function jumpTo(
  context: FindContext,
  replay: Pick<Replay, 'shownRows' | 'playing' | 'moveTo'>,
  target: JumpTarget,
  direction: 'back' | 'forward',
): Promise<void> {
  const isForward = direction === 'forward';
  const row = await findJumpTarget(context, target, isForward ? replay.shownRows : replay.shownRows - 2, direction);
  replay.playing = false;
  replay.moveTo(row === undefined ? (isForward ? context.playlist().rowCount : 1) : row + 1);
}

/** The first row with the target from `fromRow` on in the given direction, `fromRow` included; undefined if none. */
export async function findJumpTarget(
  context: FindContext,
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

import type { TimelineEditor } from '../../src/views/timeline/timelineHost';

const nothing = (): Promise<void> => Promise.resolve();

/** An editor for a timeline that does nothing but `post` and what `parts` has. */
export function timelineEditor(post: TimelineEditor['post'], parts: Partial<TimelineEditor> = {}): TimelineEditor {
  return {
    post,
    sessionRead: () => undefined,
    failed: () => undefined,
    openFile: nothing,
    openPastFile: nothing,
    openDiff: nothing,
    momentShown: () => undefined,
    openPayload: nothing,
    openPicture: nothing,
    copyLink: nothing,
    showSnapshot: nothing,
    searchHistory: nothing,
    act: nothing,
    copyText: nothing,
    detail: () => 'normal',
    chooseDetail: nothing,
    ...parts,
  };
}

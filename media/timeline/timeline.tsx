import '../shared/translations'; // first: other modules may hold sentences
import '../shared/page.css'; // before the components' styles, which refine it
import './timeline.css';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { render } from 'preact';
import { useEffect, useLayoutEffect, useReducer, useState } from 'preact/hooks';
import { savedStateSchema } from '../../src/protocol/timelineProtocol';
import type { SavedState } from '../../src/protocol/timelineProtocol';
import { EventList } from './eventList';
import { FilterBar } from './filter/filterBar';
import { MessageBox } from './messageBox';
import { visibleText } from '../../src/common/visibleText';
import { ReplayBar } from './replay/replayBar';
import { formatTime } from '../shared/times';
import { SessionHeader } from './sessionHeader';
import { TimelineModel } from './model/timelineModel';
import { PlanPanel } from './rows/planPanel';

const PLAY_TICK_MS = 50;
/** A longer time between two ticks means that the page was asleep; it is not played. */
const MAX_TICK_MS = 1_000;
/** How often the page checks that the extension still answers. */
const PING_EVERY_MS = 3_000;
const AGE_TICK_MS = 15_000;
/** Saving is a message to the editor, and a replay moves many times a second. */
const SAVE_DELAY_MS = 150;

function Timeline({ model }: { model: TimelineModel }) {
  const [, repaint] = useReducer((renders: number) => renders + 1, 0);
  const [nowMs, setNowMs] = useState(Date.now);
  // Subscribes before the first paint, or changes until then would not be shown.
  useLayoutEffect(
    () =>
      model.subscribe(() => {
        repaint(undefined);
      }),
    [model],
  );
  useEffect(() => {
    const timer = setInterval(() => {
      setNowMs(Date.now());
    }, AGE_TICK_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void model.checkConnection();
    }, PING_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [model]);
  useEffect(() => {
    if (!model.replay.playing) return;
    let lastMs = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      model.replay.tick(Math.min(MAX_TICK_MS, now - lastMs));
      lastMs = now;
    }, PLAY_TICK_MS);
    return () => {
      clearInterval(timer);
    };
  }, [model, model.replay.playing]);

  const { session, errors, lostSinceMs } = model;
  return (
    <>
      {session !== undefined && <SessionHeader model={model} session={session} nowMs={nowMs} />}
      {session !== undefined && <FilterBar model={model} />}
      {session !== undefined && model.rows.isFolding && <PlanPanel model={model} />}
      <main class="main">
        {session !== undefined && <EventList model={model} />}
        {session !== undefined && model.playlist.rowCount === 0 && (
          <p class="empty faint">{l10n.t('Nothing has been recorded yet.')}</p>
        )}
        {model.filter.isActive && !model.filter.isScanning && model.lineCount === 0 && (
          <p class="empty faint">{l10n.t('No event matches the filter.')}</p>
        )}
        {session === undefined && errors.length === 0 && lostSinceMs === undefined && (
          <LoadingMessage share={model.readShare} />
        )}
        {session !== undefined && model.readShare !== undefined && <ReadingBar share={model.readShare} />}
      </main>
      <div role="alert">
        {lostSinceMs !== undefined && (
          <div class="page-error" data-testid="connection-lost">
            {l10n.t(
              'Out of date: Corral has not answered since {0}. The agent keeps running and is still recorded. If the connection does not return, run “Corral: Replay Timeline” to open the timeline again.',
              formatTime(lostSinceMs, nowMs),
            )}
          </div>
        )}
        {errors.map((message) => (
          <div class="page-error" key={message}>
            <span dir="auto">{visibleText(message)}</span>
            <button
              type="button"
              class="link"
              onClick={() => {
                model.dismiss(message);
              }}
            >
              {l10n.t('Dismiss')}
            </button>
          </div>
        ))}
      </div>
      {session !== undefined && (
        <footer class="footer">
          <ReplayBar model={model} />
          <MessageBox model={model} session={session} />
        </footer>
      )}
    </>
  );
}

/** Shown until there are events. `share`, from 0 to 1, is how much of a long history has been read. */
function LoadingMessage({ share }: { share: number | undefined }) {
  if (share === undefined) return <p class="empty faint">{l10n.t('Loading…')}</p>;
  return (
    <label class="empty faint reading">
      {readingText(share)}
      <progress value={share} />
    </label>
  );
}

function readingText(share: number): string {
  return l10n.t('Reading a long history for the first time… {0}%', Math.floor(share * 100));
}

/** Above the events that are there already: find, filter and scrubber wait for the rest. */
function ReadingBar({ share }: { share: number }) {
  const text = readingText(share);
  return <progress class="reading-bar" value={share} aria-label={text} title={text} />;
}

const root = document.getElementById('root');
const sessionId = root?.dataset['session'];
if (root === null || sessionId === undefined) throw new Error('The page was not made for a session.');
const editor = acquireVsCodeApi();
const saved = v.safeParse(savedStateSchema, editor.getState());
// The editor may return what was saved for another session.
const kept: SavedState = saved.success && saved.output.sessionId === sessionId ? saved.output : { sessionId };
const { start, run, seq } = root.dataset;
// A link to an event opened the page: it is followed once, not again when the page is restored.
const isLinkNew = start !== undefined && run !== undefined && start !== kept.start;
const state: SavedState = isLinkNew
  ? { ...kept, start, runId: undefined, position: { runId: run, seq: Number(seq) } }
  : kept;
editor.setState(state);
let unsaved: SavedState | undefined;
const save = (): void => {
  if (unsaved !== undefined) editor.setState(unsaved);
  unsaved = undefined;
};
const saveSoon = (next: SavedState): void => {
  if (unsaved === undefined) setTimeout(save, SAVE_DELAY_MS);
  unsaved = { ...next, start: state.start };
};
window.addEventListener('pagehide', save);
const model = new TimelineModel(
  sessionId,
  state,
  (message) => {
    editor.postMessage(message);
  },
  saveSoon,
);
window.addEventListener('pagehide', () => {
  model.draft.prompt.save();
});
window.addEventListener('message', ({ data }) => {
  model.receive(data);
});
render(<Timeline model={model} />, root);
void model.start();

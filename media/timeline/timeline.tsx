import '../shared/translations'; // first: other modules may hold sentences
import '../shared/page.css'; // before the components' styles, which refine it
import './timeline.css';
import * as v from 'valibot';
import { render } from 'preact';
import { useEffect, useLayoutEffect, useReducer, useState } from 'preact/hooks';
import { savedStateSchema } from '../../src/protocol/timelineProtocol';
import type { SavedState } from '../../src/protocol/timelineProtocol';
import { EventList } from './eventList';
import { FilterBar } from './filter/filterBar';
import { Icon } from '../shared/icons';
import { MessageBox } from './messageBox';
import { visibleText } from '../shared/plainText';
import { ReplayBar } from './replay/replayBar';
import { formatTime } from '../shared/times';
import { SessionHeader } from './sessionHeader';
import { TimelineModel } from './timelineModel';

const PLAY_TICK_MS = 50;
/** More than this between two ticks means that the page was asleep, not that so much was to be played. */
const MAX_TICK_MS = 1_000;
/** How often the page makes sure that the extension is still there. */
const PING_EVERY_MS = 3_000;
const AGE_TICK_MS = 15_000;
/** Each save is a message to the editor, and a replay moves many times a second. */
const SAVE_DELAY_MS = 150;

function Timeline({ model }: { model: TimelineModel }) {
  const [, repaint] = useReducer((renders: number) => renders + 1, 0);
  const [nowMs, setNowMs] = useState(Date.now);
  // Before the first paint: what changes until then would not be painted.
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
      <main class="main">
        {session !== undefined && <EventList model={model} />}
        {session !== undefined && model.playlist.rowCount === 0 && <p class="empty faint">Nothing was recorded yet.</p>}
        {model.filter.isActive && !model.filter.isScanning && model.lineCount === 0 && (
          <p class="empty faint">Nothing fits.</p>
        )}
        {session === undefined && errors.length === 0 && lostSinceMs === undefined && (
          <LoadingMessage share={model.readShare} />
        )}
        {!model.following && model.replay.position === undefined && (
          <button
            type="button"
            class="to-latest primary"
            onClick={() => {
              model.setFollowing(true);
            }}
          >
            <Icon name="down" />
            {model.newRows === 0 ? 'Latest' : `${String(model.newRows)} new event${model.newRows === 1 ? '' : 's'}`}
          </button>
        )}
      </main>
      <div role="alert">
        {lostSinceMs !== undefined && (
          <div class="page-error" data-testid="connection-lost">
            {`Not up to date: the extension has not answered since ${formatTime(lostSinceMs, nowMs)}. The agent goes on, and what it does is recorded. If the connection does not come back by itself, open the timeline again with “Corral: Replay Timeline”.`}
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
              Dismiss
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

/** Until there is something to show; `share` of the history was read, where it takes long enough to be told. */
function LoadingMessage({ share }: { share: number | undefined }) {
  if (share === undefined) return <p class="empty faint">Loading…</p>;
  return (
    <label class="empty faint reading">
      {`Reading a long history for the first time… ${String(Math.floor(share * 100))} %`}
      <progress value={share} />
    </label>
  );
}

const root = document.getElementById('root');
const sessionId = root?.dataset['session'];
if (root === null || sessionId === undefined) throw new Error('The page was not made for a session.');
const editor = acquireVsCodeApi();
const saved = v.safeParse(savedStateSchema, editor.getState());
// What was saved for another session says nothing about this one.
const kept: SavedState = saved.success && saved.output.sessionId === sessionId ? saved.output : { sessionId };
const { start, run, seq } = root.dataset;
const isSent = start !== undefined && run !== undefined && start !== kept.start;
const state: SavedState = isSent
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
window.addEventListener('message', ({ data }) => {
  model.receive(data);
});
render(<Timeline model={model} />, root);
void model.start();

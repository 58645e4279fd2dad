import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { Icon } from '../../shared/icons';
import type { TimelineModel } from '../model/timelineModel';
import './eventMenu.css';

/** A longer selection is copied by its own key alone. */
const MAX_SELECTION = 100_000;
/** Where keys open the menu, from the start of the row. */
const KEY_OFFSET_PX = 24;

/** What VS Code's context menu on the element is about. It passes this to the commands of the menu. */
export function eventMenu(model: TimelineModel, event: TimelineEvent): { 'data-vscode-context': string } {
  const { sessionId, runId, seq } = event;
  const context = { webviewSection: 'event', sessionId, runId, seq, shown: shownIn(model, event) };
  // VS Code's own entries are for text boxes: Cut, Copy, Paste.
  return { 'data-vscode-context': JSON.stringify({ ...context, preventDefaultContextMenuItems: true }) };
}

/** The events whose texts the row shows: a call with its changes and its result, and all calls of a group. */
function shownIn(model: TimelineModel, event: TimelineEvent): number[] {
  if (!model.rows.isFolding || event.kind !== 'tool.call') return [event.seq];
  return model.rows.groupOf(event).flatMap((call) => {
    if (call.kind !== 'tool.call') return call.seq;
    const { changes, result } = model.events.callOf(call.runId, call.data.callId);
    const shown = changes.length > 0 ? changes : result === undefined ? [] : [result];
    return [call.seq, ...shown.map(({ seq }) => seq)];
  });
}

/** The key that copies what is selected copies the row where nothing is; keys in a text box are its own. */
export function copyByKey(model: TimelineModel, event: TimelineEvent, key: KeyboardEvent): void {
  const isCopy = (key.ctrlKey || key.metaKey) && !key.shiftKey && !key.altKey && key.key.toLowerCase() === 'c';
  const isText = key.target instanceof HTMLTextAreaElement || key.target instanceof HTMLInputElement;
  if (!isCopy || isText || document.getSelection()?.isCollapsed === false) return;
  key.preventDefault();
  void model.actions.copyEvent(event, shownIn(model, event));
}

/** Prepares the menu that is about to open: what is selected, and a place near the row's title. */
export function prepareMenu(event: MouseEvent): void {
  const { currentTarget, target } = event;
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  const selection = document.getSelection()?.toString() ?? '';
  if (selection === '' || selection.length > MAX_SELECTION) delete currentTarget.dataset['vscodeContext'];
  else currentTarget.dataset['vscodeContext'] = JSON.stringify({ selection });
  const isByKey = event.isTrusted && event instanceof PointerEvent && event.pointerType === '';
  if (!isByKey || target === currentTarget) return;
  // A key would open it in the middle of the row, which can be far below.
  event.preventDefault();
  event.stopPropagation();
  const { left, top } = target.getBoundingClientRect();
  openMenu(target, left + KEY_OFFSET_PX, Math.max(top, currentTarget.getBoundingClientRect().top) + KEY_OFFSET_PX);
}

function openMenu(element: HTMLElement, clientX: number, clientY: number): void {
  element.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX, clientY }));
}

/** Opens the row's menu by a click. Keys open the same menu on the row, so it is no stop for them. */
export function MenuButton() {
  return (
    <button
      type="button"
      class="icon-button more"
      tabIndex={-1}
      aria-hidden="true"
      onClick={({ currentTarget }) => {
        const { left, bottom } = currentTarget.getBoundingClientRect();
        openMenu(currentTarget, left, bottom);
      }}
    >
      <Icon name="more" />
    </button>
  );
}

import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import type { TimelineEvent } from '../../../../src/protocol/timelineProtocol';
import { styledText } from './ansi';
import { formatSize } from '../../../shared/numbers';
import { exactText, visibleText } from '../../../../src/common/visibleText';
import type { TimelineModel } from '../../model/timelineModel';
import './terminal.css';
import './textBlocks.css';

/** Longer blocks get a limited height and a scroll bar. */
const MAX_LINES = 14;

interface BlockProps {
  model: TimelineModel;
  event: TimelineEvent;
  /** The field of the event's data that is shown. */
  field: string;
  text: string;
  label: string;
}

/** Says how much of a text is shown, and offers the rest. */
export function CutNotice({
  model,
  event,
  field,
  shownLength,
}: {
  model: TimelineModel;
  event: TimelineEvent;
  field: string;
  shownLength: number;
}) {
  const wholeLength = event.cut?.[field];
  const stored = Object.entries(event.data.blobs ?? {}).filter(
    ([pointer]) => pointer === `/${field}` || pointer.startsWith(`/${field}/`),
  );
  const bytes = stored.reduce((sum, [, blob]) => sum + blob.bytes, 0);
  if (wholeLength === undefined && bytes === 0) return null;
  return (
    <div class="cut">
      <span>
        {bytes > 0
          ? l10n.t('Preview of {0}.', formatSize(bytes))
          : l10n.t('First {0} of {1}.', formatSize(shownLength), formatSize(wholeLength ?? 0))}
      </span>{' '}
      {bytes === 0 && (
        <button type="button" class="link" onClick={() => void model.events.loadWhole(event)}>
          {l10n.t('Show all')}
        </button>
      )}
      <button type="button" class="link" onClick={() => void model.actions.openPayload(event, field)}>
        {l10n.t('Open in editor')}
      </button>
    </div>
  );
}

/** Text in the editor's font; a long one scrolls in a box. */
export function CodeBlock(props: BlockProps & { look?: 'plain' | 'exact' | 'terminal' }) {
  const { model, event, field, text, label, look = 'plain' } = props;
  const fold = `${String(event.id)} ${field} tall`;
  const isTall = model.isToggled(fold);
  const lines = countLines(text, MAX_LINES + 1);
  return (
    <div class="block">
      <pre class={`code ${look} ${isTall ? 'tall' : ''}`} dir="auto" aria-label={label}>
        <BlockText text={text} look={look} />
      </pre>
      <div class="below">
        {(lines > MAX_LINES || isTall) && (
          <button
            type="button"
            class="link"
            aria-expanded={isTall}
            onClick={() => {
              model.toggle(fold);
            }}
          >
            {isTall ? l10n.t('Less height') : l10n.t('Full height')}
          </button>
        )}
        <CutNotice model={model} event={event} field={field} shownLength={text.length} />
      </div>
    </div>
  );
}

/** A part that opens and closes. The model keeps its state while its row is scrolled away. */
export function Fold(props: {
  model: TimelineModel;
  event: TimelineEvent;
  name: string;
  openAtFirst?: boolean;
  summary: ComponentChildren;
  children: ComponentChildren;
}) {
  const { model, event, name, openAtFirst = false, summary, children } = props;
  const fold = `${String(event.id)} ${name}`;
  const isOpen = model.isToggled(fold) !== openAtFirst;
  return (
    <div class="fold">
      <button
        type="button"
        class="fold-summary"
        aria-expanded={isOpen}
        onClick={() => {
          model.toggle(fold);
        }}
      >
        <span class="twistie" aria-hidden="true">
          {isOpen ? '▾' : '▸'}
        </span>
        <span class="fold-label">{summary}</span>
      </button>
      {isOpen && children}
    </div>
  );
}

function BlockText({ text, look }: { text: string; look: 'plain' | 'exact' | 'terminal' }) {
  if (look === 'terminal') return <Terminal text={text} />;
  return <>{look === 'exact' ? exactText(text) : visibleText(text)}</>;
}

function Terminal({ text }: { text: string }) {
  return (
    <>
      {styledText(text).map((part) =>
        part.classes === '' ? part.text : <span class={part.classes}>{part.text}</span>,
      )}
    </>
  );
}

/** The number of lines of the text, counted up to `limit`. */
function countLines(text: string, limit: number): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1 && lines < limit; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}

import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import type { TimelineEvent } from '../../../../src/protocol/timelineProtocol';
import { styledText } from './ansi';
import type { StyledText } from './ansi';
import { CopyableBlock } from './copyButton';
import { FoldButton } from './foldButton';
import { countLines, firstLines, lastLines } from './lines';
import { formatSize } from '../../../shared/numbers';
import { exactText, visibleText } from '../../../../src/common/visibleText';
import { SHOWN_LINES, partFold, wholeFold } from '../../model/rows/unfold';
import type { TimelineModel } from '../../model/timelineModel';
import './terminal.css';
import './textBlocks.css';

interface BlockProps {
  model: TimelineModel;
  event: TimelineEvent;
  /** The field of the event's data that is shown. */
  field: string;
  text: string;
  label: string;
}

/** The bytes of the field that are stored apart, of which the event has a preview. */
function blobBytes(event: TimelineEvent, field: string): number {
  const stored = Object.entries(event.data.blobs ?? {}).filter(
    ([pointer]) => pointer === `/${field}` || pointer.startsWith(`/${field}/`),
  );
  return stored.reduce((sum, [, blob]) => sum + blob.bytes, 0);
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
  const bytes = blobBytes(event, field);
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

type Look = 'plain' | 'exact' | 'terminal';

interface CodeBlockProps extends BlockProps {
  look?: Look;
  /** Which part of a long text is shown at first. */
  part?: 'start' | 'end';
}

/** Text in the editor's font, of which a long one shows some lines at first. It never scrolls in a box of its own. */
export function CodeBlock({ model, event, field, text, label, look = 'plain', ...props }: CodeBlockProps) {
  const stored = blobBytes(event, field);
  // Of a text that is stored apart only the start is here, which must not pass for its end.
  const part = stored > 0 ? 'start' : (props.part ?? 'start');
  const fold = wholeFold(event, field);
  // What is decided about is there whole.
  const isWhole = look === 'exact' || model.isToggled(fold);
  const isLong = look !== 'exact' && countLines(text, SHOWN_LINES[part] + 1) > SHOWN_LINES[part];
  const isLoadable = event.cut?.[field] !== undefined && stored === 0;
  const copy = async (): Promise<void> => {
    // What is stored apart or holds control sequences is copied by the extension.
    const isPlain = look !== 'terminal' && event.cut?.[field] === undefined && stored === 0;
    await (isPlain ? model.actions.copyText(text) : model.actions.copyField(event, field));
  };
  const toggle = (
    <button
      type="button"
      class="link"
      aria-expanded={isWhole}
      onClick={() => {
        model.toggle(fold);
        if (isLoadable) void model.events.loadWhole(event);
      }}
    >
      {isWhole ? l10n.t('Show less') : part === 'end' ? l10n.t('Show all above') : l10n.t('Show all')}
    </button>
  );
  return (
    <div class="block">
      {isLong && part === 'end' && <div class="below">{toggle}</div>}
      <CopyableBlock copy={copy}>
        <pre class={`code ${look}`} dir="auto" aria-label={label}>
          <BlockText text={text} look={look} lines={isLong && !isWhole ? SHOWN_LINES[part] : undefined} part={part} />
        </pre>
      </CopyableBlock>
      <div class="below">
        {isLong && part === 'start' && toggle}
        {(isWhole || !isLoadable || !isLong) && (
          <CutNotice model={model} event={event} field={field} shownLength={text.length} />
        )}
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
  const fold = partFold(event, name);
  const isOpen = model.isToggled(fold) !== openAtFirst;
  return (
    <div class="fold">
      <FoldButton model={model} fold={fold} isOpen={isOpen}>
        {summary}
      </FoldButton>
      {isOpen && children}
    </div>
  );
}

function BlockText(props: { text: string; look: Look; lines: number | undefined; part: 'start' | 'end' }) {
  const { text, look, lines, part } = props;
  const shown = lines === undefined || part === 'end' ? text : firstLines(text, lines);
  if (look === 'terminal') {
    const parts = styledText(shown);
    return <Terminal parts={lines === undefined || part === 'start' ? parts : lastLines(parts, lines)} />;
  }
  return <>{look === 'exact' ? exactText(shown) : visibleText(shown)}</>;
}

function Terminal({ parts }: { parts: readonly StyledText[] }) {
  return <>{parts.map((part) => (part.classes === '' ? part.text : <span class={part.classes}>{part.text}</span>))}</>;
}

import type { ComponentChildren } from 'preact';
import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { FoldButton } from '../events/text/foldButton';
import { rowFold } from '../model/rows/listRows';
import type { TimelineModel } from '../model/timelineModel';
import { eventMenu } from './eventMenu';

interface RowLineProps {
  model: TimelineModel;
  /** The event whose row it is. */
  event: TimelineEvent;
  title: ComponentChildren;
  /** Stands beside the title, outside of the button. */
  children?: ComponentChildren;
}

/** The line of a row that opens and closes what else the row has. */
export function RowLine({ model, event, title, children }: RowLineProps) {
  const fold = rowFold(event);
  const isOpen = model.isToggled(fold);
  return (
    <div class="row-line">
      <FoldButton model={model} fold={fold} isOpen={isOpen} isTitle>
        {title}
      </FoldButton>
      {children}
    </div>
  );
}

/** Names the events that are part of a row: a link can lead to each, and marks it there. */
export function RowPart(props: { model: TimelineModel; event: TimelineEvent; children: ComponentChildren }) {
  const { model, event, children } = props;
  return (
    <div
      class={model.rows.isMarked(event) ? 'part marked' : 'part'}
      data-seq={event.seq}
      data-kind={event.kind}
      {...eventMenu(model, event)}
    >
      {children}
    </div>
  );
}

import type { ComponentChildren } from 'preact';
import type { TimelineModel } from '../../model/timelineModel';

/** Opens and closes a part of the page. The model keeps its state while its row is scrolled away. */
export function FoldButton({
  model,
  fold,
  isOpen,
  isTitle = false,
  children,
}: {
  model: TimelineModel;
  /** The name by which the model knows the part. */
  fold: string;
  isOpen: boolean;
  /** True for the line that stands for a whole row. */
  isTitle?: boolean;
  children: ComponentChildren;
}) {
  return (
    <button
      type="button"
      class={isTitle ? 'fold-summary row-title' : 'fold-summary'}
      aria-expanded={isOpen}
      onClick={() => {
        model.toggle(fold);
      }}
    >
      <span class="twistie" aria-hidden="true">
        {isOpen ? '▾' : '▸'}
      </span>
      <span class="fold-label">{children}</span>
    </button>
  );
}

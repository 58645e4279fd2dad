import { oneLine } from '../shared/plainText';
import type { Completion } from './model/promptModel';
import './completionList.css';

interface CompletionListProps {
  id: string;
  label: string;
  items: readonly Completion[];
  active: number;
  opens: 'above' | 'below';
  onChoose: (item: Completion) => void;
}

/** The id of an option, for `aria-activedescendant`. */
export const optionId = (listId: string, index: number): string => `${listId}-${index}`;

/** What could be written at the caret. The focus stays in the text, whose keys move through the list. */
export function CompletionList({ id, label, items, active, opens, onChoose }: CompletionListProps) {
  return (
    <ul id={id} role="listbox" aria-label={label} class={`completions ${opens}`} data-testid="completions">
      {items.map((item, index) => (
        <li
          key={item.inserted}
          id={optionId(id, index)}
          role="option"
          aria-selected={index === active}
          class={index === active ? 'completion active' : 'completion'}
          ref={(element) => {
            if (index === active) element?.scrollIntoView({ block: 'nearest' });
          }}
          // The text would lose its focus, and with it the caret.
          onMouseDown={(event) => {
            event.preventDefault();
            onChoose(item);
          }}
        >
          <span class="completion-label">{oneLine(item.label, 120)}</span>
          {item.detail !== undefined && <span class="completion-detail">{oneLine(item.detail, 200)}</span>}
        </li>
      ))}
    </ul>
  );
}

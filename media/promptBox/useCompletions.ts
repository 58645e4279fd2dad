import { useRef, useState } from 'preact/hooks';
import type { CompletionQuery } from './model/completion';
import { complete, completionAt } from './model/completion';
import type { Completion, PromptModel } from './model/promptModel';

/** What could be written at the caret, and which of it the keys have reached. */
interface Offer {
  query: CompletionQuery;
  items: readonly Completion[];
  active: number;
}

export interface Completions {
  readonly items: readonly Completion[];
  readonly active: number;
  readonly kind: CompletionQuery['kind'] | undefined;
  /** Looks for what could be written at the caret. */
  ask(text: string, caret: number): Promise<void>;
  close(): void;
  choose(item: Completion): void;
  /** True where the key was for the list. */
  takeKey(event: KeyboardEvent): boolean;
}

export function useCompletions(model: PromptModel, write: (text: string, caret: number) => void): Completions {
  const [offer, setOffer] = useState<Offer>();
  /** Answers that come late belong to a text that is no more. */
  const lastAsked = useRef(0);
  const close = (): void => {
    lastAsked.current += 1;
    setOffer(undefined);
  };
  const choose = ({ inserted }: Completion): void => {
    if (offer === undefined) return;
    const completed = complete(model.text, offer.query, inserted);
    close();
    write(completed.text, completed.caret);
  };
  return {
    items: offer?.items ?? [],
    active: offer?.active ?? 0,
    kind: offer?.query.kind,
    ask: async (text, caret) => {
      const asked = (lastAsked.current += 1);
      const query = completionAt(text, caret);
      const items = query === undefined ? [] : await model.completions(query);
      if (asked !== lastAsked.current) return;
      setOffer(query === undefined || items.length === 0 ? undefined : { query, items, active: 0 });
    },
    close,
    choose,
    takeKey: (event) => {
      if (offer === undefined) return false;
      const { items, active } = offer;
      const item = items[active];
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        const step = event.key === 'ArrowDown' ? 1 : items.length - 1;
        setOffer({ ...offer, active: (active + step) % items.length });
      } else if (event.key === 'Escape') close();
      else if ((event.key === 'Enter' || event.key === 'Tab') && item !== undefined) choose(item);
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}

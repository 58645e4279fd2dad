import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/** Marks where a text stands in the rows of the list, without a change to the rows. */
export function useFindMarks(list: RefObject<HTMLElement | null>, text: string, revealed: unknown): void {
  /** The last match that the list has scrolled to. */
  const shown = useRef<unknown>(undefined);
  useEffect(() => {
    const element = list.current;
    if (element === null || text.trim() === '') return;
    let frame = 0;
    const mark = (): void => {
      frame = 0;
      const ranges = rangesOf(element, text);
      const isHere = (range: Range): boolean =>
        range.startContainer.parentElement?.closest('[data-index].selected') !== null;
      CSS.highlights.set('corral-found', new Highlight(...ranges.filter((range) => !isHere(range))));
      const here = ranges.filter(isHere);
      CSS.highlights.set('corral-found-here', new Highlight(...here));
      if (here.length === 0 || revealed === undefined || shown.current === revealed) return;
      shown.current = revealed;
      scrollTo(element, here.find((range) => isInMark(range)) ?? here[0]);
    };
    const markSoon = (): void => {
      if (frame === 0) frame = requestAnimationFrame(mark);
    };
    const changes = new MutationObserver(markSoon);
    changes.observe(element, { subtree: true, childList: true, characterData: true, attributeFilter: ['class'] });
    markSoon();
    return () => {
      changes.disconnect();
      cancelAnimationFrame(frame);
      CSS.highlights.delete('corral-found');
      CSS.highlights.delete('corral-found-here');
    };
  }, [text, revealed]);
}

function isInMark({ startContainer }: Range): boolean {
  return startContainer.parentElement?.closest('.marked') !== null;
}

/** Scrolls to a match that is out of sight, as in a long output. */
function scrollTo(list: HTMLElement, range: Range | undefined): void {
  if (range === undefined) return;
  const { top, bottom } = range.getBoundingClientRect();
  const sight = list.getBoundingClientRect();
  if (top < sight.top || bottom > sight.bottom) list.scrollTop += top - (sight.top + sight.bottom) / 2;
}

/** Where the text stands, also across the parts that a line of code consists of. */
function rangesOf(element: HTMLElement, text: string): Range[] {
  const pattern = new RegExp(text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'), 'giu');
  return [...element.querySelectorAll<HTMLElement>('[data-index]')].flatMap((row) => {
    const nodes: { node: Node; from: number }[] = [];
    let whole = '';
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      nodes.push({ node, from: whole.length });
      whole += node.nodeValue ?? '';
    }
    const pointAt = (at: number): [Node, number] => {
      const found = nodes.findLast(({ from }) => from <= at) ?? { node: row, from: 0 };
      return [found.node, at - found.from];
    };
    return [...whole.matchAll(pattern)].map((match) => {
      const range = new Range();
      range.setStart(...pointAt(match.index));
      const [node, offset] = pointAt(match.index + match[0].length - 1);
      range.setEnd(node, offset + 1);
      return range;
    });
  });
}

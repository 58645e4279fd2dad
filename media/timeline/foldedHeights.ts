import type { Virtualizer } from '@tanstack/virtual-core';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { TimelineModel } from './model/timelineModel';

export interface FoldedHeights {
  /** True for a row that takes no room, also where its event is not loaded any more. */
  isFolded(row: number): boolean;
}

/** Gives the lines that are part of another row no height in the list, and their height back where they are not. */
export function useFoldedHeights(
  model: TimelineModel,
  virtualizer: Virtualizer<HTMLDivElement, HTMLElement>,
  firstLine: number,
  rowPx: number,
): FoldedHeights {
  /** What the list has: the folds of a version, of so many lines. Others were beyond its end. */
  const applied = useRef({ version: 0, count: 0 });
  const heightOf = (row: number): number | undefined => virtualizer.itemSizeCache.get(row);
  const apply = (): void => {
    const { count } = virtualizer.options;
    const parts = model.rows.changedSince({
      version: applied.current.version,
      line: firstLine + applied.current.count,
    });
    applied.current = { version: model.rows.version, count };
    for (const { fromLine, toLine } of parts) {
      for (let line = Math.max(fromLine, firstLine); line <= Math.min(toLine, firstLine + count - 1); line++) {
        const row = line - firstLine;
        const isFolded = model.rows.isFolded(line) === true;
        if (isFolded && heightOf(row) !== 0) virtualizer.resizeItem(row, 0);
        else if (!isFolded && heightOf(row) === 0) virtualizer.resizeItem(row, rowPx);
      }
    }
  };
  const isNew = useRef(true);
  if (isNew.current) {
    isNew.current = false;
    virtualizer.getTotalSize(); // gives each row a height, which can then change
    apply();
  }
  useLayoutEffect(apply);
  return {
    isFolded: (row) => model.rows.isFolded(firstLine + row) ?? heightOf(row) === 0,
  };
}

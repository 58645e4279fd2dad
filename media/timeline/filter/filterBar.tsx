import { useEffect, useRef } from 'preact/hooks';
import { NO_CRITERIA } from './eventFilter';
import { GROUP_NAMES, EVENT_GROUPS } from './eventGroups';
import { oneLine } from '../../shared/plainText';
import type { TimelineModel } from '../timelineModel';
import './filterBar.css';

/** Finds events over all of what is replayed, and shows only those. */
export function FilterBar({ model }: { model: TimelineModel }) {
  const input = useRef<HTMLInputElement>(null);
  const { filter, facets } = model;
  const { criteria } = filter;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== 'f' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      input.current?.select();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => {
      window.removeEventListener('keydown', onKeyDown);
    };
  }, []);
  const readFacets = (): void => void facets.extend();
  const count = model.lineCount;
  const shown = `${count.toLocaleString()} of ${model.replay.shownRows.toLocaleString()}${filter.isScanning ? ' …' : ''}`;
  return (
    <div class="filter" role="search" onPointerEnter={readFacets} onFocusCapture={readFacets}>
      <input
        ref={input}
        type="search"
        aria-label="Find in the timeline"
        placeholder="Find"
        data-testid="find"
        value={criteria.text}
        onInput={({ currentTarget }) => {
          filter.set({ ...criteria, text: currentTarget.value });
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') filter.set(NO_CRITERIA);
        }}
      />
      <select
        aria-label="Kind"
        value={criteria.group ?? ''}
        onChange={({ currentTarget }) => {
          filter.set({ ...criteria, group: GROUP_NAMES.find((group) => group === currentTarget.value) });
        }}
      >
        <option value="">All kinds</option>
        {GROUP_NAMES.map((group) => (
          <option value={group}>
            {filter.isActive
              ? `${EVENT_GROUPS[group].label} (${filter.countOf(group).toLocaleString()})`
              : EVENT_GROUPS[group].label}
          </option>
        ))}
      </select>
      <select
        aria-label="Tool"
        value={criteria.tool}
        onChange={({ currentTarget }) => {
          filter.set({ ...criteria, tool: currentTarget.value });
        }}
      >
        <option value="">All tools</option>
        {facets.tools.map(([name, calls]) => (
          <option value={name}>{`${oneLine(name, 60)} (${calls.toLocaleString()})`}</option>
        ))}
      </select>
      <input
        type="search"
        class="filter-file"
        aria-label="File"
        placeholder="File"
        list="files"
        value={criteria.file}
        onInput={({ currentTarget }) => {
          filter.set({ ...criteria, file: currentTarget.value });
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') filter.set(NO_CRITERIA);
        }}
      />
      <datalist id="files">
        {facets.files.map(([path, events]) => (
          <option value={path}>{`${events.toLocaleString()} event${events === 1 ? '' : 's'}`}</option>
        ))}
      </datalist>
      <label class="check">
        <input
          type="checkbox"
          checked={criteria.failed}
          onChange={({ currentTarget }) => {
            filter.set({ ...criteria, failed: currentTarget.checked });
          }}
        />
        Only failures
      </label>
      <span class="faint" role="status" data-testid="found">
        {filter.isActive ? shown : ''}
      </span>
      {criteria.text !== '' && (
        <span class="faint">
          {'Of an output over 64 KB only the start is searched here. Everything: '}
          <button
            type="button"
            class="link"
            disabled={model.lostSinceMs !== undefined}
            onClick={() => void model.searchHistory()}
          >
            Search History…
          </button>
        </span>
      )}
    </div>
  );
}

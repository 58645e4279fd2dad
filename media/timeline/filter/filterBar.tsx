import * as l10n from '@vscode/l10n';
import { useEffect, useRef } from 'preact/hooks';
import { NO_CRITERIA } from '../model/eventFilter';
import { GROUP_NAMES, EVENT_GROUPS } from '../model/eventGroups';
import { oneLine } from '../../shared/plainText';
import type { TimelineModel } from '../model/timelineModel';
import './filterBar.css';

/** Search field and selections that narrow the list to the matching events. */
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
  const found = l10n.t('{count} of {total}', {
    count: count.toLocaleString(),
    total: model.replay.shownRows.toLocaleString(),
  });
  return (
    <div class="filter" role="search" onPointerEnter={readFacets} onFocusCapture={readFacets}>
      <input
        ref={input}
        type="search"
        aria-label={l10n.t('Find in the timeline')}
        placeholder={l10n.t('Find')}
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
        aria-label={l10n.t('Kind')}
        value={criteria.group ?? ''}
        onChange={({ currentTarget }) => {
          filter.set({ ...criteria, group: GROUP_NAMES.find((group) => group === currentTarget.value) });
        }}
      >
        <option value="">{l10n.t('All kinds')}</option>
        {GROUP_NAMES.map((group) => (
          <option value={group}>
            {filter.isActive
              ? `${EVENT_GROUPS[group].label} (${filter.countOf(group).toLocaleString()})`
              : EVENT_GROUPS[group].label}
          </option>
        ))}
      </select>
      <select
        aria-label={l10n.t('Tool')}
        value={criteria.tool}
        onChange={({ currentTarget }) => {
          filter.set({ ...criteria, tool: currentTarget.value });
        }}
      >
        <option value="">{l10n.t('All tools')}</option>
        {facets.tools.map(([name, calls]) => (
          <option value={name}>{`${oneLine(name, 60)} (${calls.toLocaleString()})`}</option>
        ))}
      </select>
      <input
        type="search"
        class="filter-file"
        aria-label={l10n.t('File')}
        placeholder={l10n.t('File')}
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
          <option value={path}>
            {events === 1 ? l10n.t('1 event') : l10n.t('{0} events', events.toLocaleString())}
          </option>
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
        {l10n.t('Only failures')}
      </label>
      <span class="faint" role="status" data-testid="found">
        {filter.isActive && `${found}${filter.isScanning ? ' …' : ''}`}
      </span>
      {criteria.text !== '' && (
        <span class="faint">
          {l10n.t('Only the first 64 KB of an output are searched here.')}{' '}
          <button
            type="button"
            class="link"
            disabled={model.lostSinceMs !== undefined}
            onClick={() => void model.actions.searchHistory()}
          >
            {l10n.t('Search History…')}
          </button>
        </span>
      )}
    </div>
  );
}

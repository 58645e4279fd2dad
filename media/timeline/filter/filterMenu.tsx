import * as l10n from '@vscode/l10n';
import type { TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from '../../shared/iconButton';
import { oneLine } from '../../shared/plainText';
import { NO_CRITERIA } from '../model/eventFilter';
import type { FilterCriteria } from '../model/eventFilter';
import { GROUP_NAMES, EVENT_GROUPS } from '../model/eventGroups';
import type { TimelineModel } from '../model/timelineModel';
import './filterMenu.css';

/** The icon that opens the filter, with a dot while one is active, and how many events it leaves. */
export function FilterMenu({ model }: { model: TimelineModel }) {
  const menu = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const { filter } = model;
  const shown = l10n.t('{count} of {total}', {
    count: model.lineCount.toLocaleString(),
    total: model.replay.shownRows.toLocaleString(),
  });
  useEffect(() => {
    if (isOpen) menu.current?.querySelector<HTMLElement>('.filter-menu select')?.focus();
  }, [isOpen]);
  const close = (): void => {
    setOpen(false);
    menu.current?.querySelector('button')?.focus();
  };
  const onFocusOut = ({ currentTarget, relatedTarget }: TargetedEvent<HTMLElement, FocusEvent>): void => {
    if (!(relatedTarget instanceof Node) || !currentTarget.contains(relatedTarget)) setOpen(false);
  };
  return (
    <div
      class="filter-box"
      ref={menu}
      onFocusOut={onFocusOut}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.preventDefault();
        close();
      }}
    >
      <span class="faint" role="status" data-testid="filtered">
        {filter.isActive && `${shown}${filter.isScanning ? '…' : ''}`}
      </span>
      <span class={filter.isActive ? 'filter-dot' : ''}>
        <IconButton
          icon="filter"
          label={filter.isActive ? l10n.t('Filter (active)') : l10n.t('Filter')}
          testId="filter"
          disabled={false}
          expanded={isOpen}
          onClick={() => {
            if (!isOpen) void model.facets.extend();
            setOpen(!isOpen);
          }}
        />
      </span>
      {isOpen && (
        // Can be focused, so that a click on its background does not close it.
        <div class="filter-menu" role="dialog" aria-label={l10n.t('Filter')} tabIndex={-1}>
          <Criteria model={model} />
          <button
            type="button"
            class="secondary"
            disabled={!filter.isActive}
            onClick={() => {
              filter.set(NO_CRITERIA);
              close();
            }}
          >
            {l10n.t('Clear')}
          </button>
        </div>
      )}
    </div>
  );
}

function Criteria({ model: { filter, facets } }: { model: TimelineModel }) {
  const { criteria } = filter;
  const set = (changed: Partial<FilterCriteria>): void => {
    filter.set({ ...criteria, ...changed });
  };
  return (
    <>
      <select
        aria-label={l10n.t('Kind')}
        value={criteria.group ?? ''}
        onChange={({ currentTarget }) => {
          set({ group: GROUP_NAMES.find((group) => group === currentTarget.value) });
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
          set({ tool: currentTarget.value });
        }}
      >
        <option value="">{l10n.t('All tools')}</option>
        {facets.tools.map(([name, calls]) => (
          <option value={name}>{`${oneLine(name, 60)} (${calls.toLocaleString()})`}</option>
        ))}
      </select>
      <input
        type="search"
        aria-label={l10n.t('File')}
        placeholder={l10n.t('File')}
        list="files"
        value={criteria.file}
        onInput={({ currentTarget }) => {
          set({ file: currentTarget.value });
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
            set({ failed: currentTarget.checked });
          }}
        />
        {l10n.t('Only failures')}
      </label>
    </>
  );
}

import * as l10n from '@vscode/l10n';
import { useEffect, useRef } from 'preact/hooks';
import { IconButton } from '../../shared/iconButton';
import type { TimelineModel } from '../model/timelineModel';
import { FilterMenu } from './filterMenu';
import './filterBar.css';

/** One line above the list: finds a text in it, and narrows it. */
export function FilterBar({ model }: { model: TimelineModel }) {
  const input = useRef<HTMLInputElement>(null);
  const { find } = model;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isFind = event.key === 'f' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      if (event.key === 'F3') find.go(event.shiftKey ? 'back' : 'forward');
      else if (event.key === 'F7') void model.jump('edit', event.shiftKey ? 'back' : 'forward');
      else if (isFind) input.current?.select();
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => {
      window.removeEventListener('keydown', onKeyDown);
    };
  }, [model]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') find.go(event.shiftKey ? 'back' : 'forward');
    else if (event.key === 'Escape') find.setText('');
    else return;
    event.preventDefault();
  };
  return (
    <div class="filter" role="search">
      <input
        ref={input}
        type="search"
        aria-label={l10n.t('Find in the timeline')}
        placeholder={l10n.t('Find')}
        title={l10n.t(
          'Finds text in the events and in what was asked beside the work. Only the first 64 KB of an output are searched here.',
        )}
        data-testid="find"
        value={find.text}
        onInput={({ currentTarget }) => {
          find.setText(currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      {find.text !== '' && (
        <div class="find-buttons">
          <IconButton
            icon="up"
            label={l10n.t('Previous match (Shift+F3)')}
            disabled={find.count === 0}
            onClick={() => {
              find.go('back');
            }}
          />
          <IconButton
            icon="down"
            label={l10n.t('Next match (F3)')}
            testId="find-next"
            disabled={find.count === 0}
            onClick={() => {
              find.go('forward');
            }}
          />
          <IconButton
            icon="search"
            label={l10n.t('Search History for this text, in all sessions and whole outputs')}
            testId="search-history"
            disabled={model.lostSinceMs !== undefined}
            onClick={() => void model.actions.searchHistory(find.text)}
          />
        </div>
      )}
      <span class="faint found" role="status" data-testid="found">
        {find.text !== '' && foundText(model)}
      </span>
      <FilterMenu model={model} />
    </div>
  );
}

function foundText({ find }: TimelineModel): string {
  const counted = `${find.count.toLocaleString()}${find.isScanning ? '…' : ''}`;
  if (find.count === 0 && !find.isScanning) return l10n.t('No match');
  return find.current === 0
    ? l10n.t('{0} found', counted)
    : l10n.t('{current} of {count}', { current: find.current.toLocaleString(), count: counted });
}

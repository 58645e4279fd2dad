import * as l10n from '@vscode/l10n';
import { oneLine } from '../../../shared/plainText';
import type { CardProps } from '../cardProps';
import { diffId } from '../../model/rows/unfold';
import { CutNotice } from '../text/textBlocks';
import { DiffView } from './diffView';

/** What an edit changed in its file; nothing where that was not recorded. */
export function FileDiff({ model, event }: CardProps<'file.change'>) {
  const { path, diff } = event.data;
  if (diff === undefined || diff === '') return null;
  return (
    <>
      <DiffView model={model} id={diffId(event)} diff={diff} path={path} label={l10n.t('Diff of {0}', oneLine(path))} />
      <div class="below">
        <button
          type="button"
          class="link"
          disabled={model.lostSinceMs !== undefined}
          onClick={() => void model.actions.openDiff(event)}
        >
          {l10n.t('Open Diff')}
        </button>
        <CutNotice model={model} event={event} field="diff" shownLength={diff.length} />
      </div>
    </>
  );
}

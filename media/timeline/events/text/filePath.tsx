import * as l10n from '@vscode/l10n';
import { oneLine } from '../../../shared/plainText';
import type { TimelineModel } from '../../model/timelineModel';
import './filePath.css';

/** A button that opens a file of the session's worktree. */
export function FilePath(props: { model: TimelineModel; path: string; line?: number | undefined; label?: string }) {
  const { model, path, line } = props;
  const location = line === undefined ? path : `${path}:${String(line)}`;
  return (
    <button
      type="button"
      class="link path"
      dir="auto"
      title={l10n.t('Open {0} in the worktree', oneLine(location))}
      disabled={model.lostSinceMs !== undefined}
      onClick={() => void model.actions.openFile(path, line)}
    >
      {oneLine(props.label ?? location)}
    </button>
  );
}

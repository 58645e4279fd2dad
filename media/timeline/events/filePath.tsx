import { oneLine } from '../../shared/plainText';
import type { TimelineModel } from '../timelineModel';
import './filePath.css';

/** A file of the session's worktree, as a button that opens it. */
export function FilePath(props: { model: TimelineModel; path: string; line?: number | undefined; label?: string }) {
  const { model, path, line } = props;
  const place = line === undefined ? path : `${path}:${String(line)}`;
  return (
    <button
      type="button"
      class="link path"
      dir="auto"
      title={`Open ${oneLine(place)} in the worktree`}
      disabled={model.lostSinceMs !== undefined}
      onClick={() => void model.openFile(path, line)}
    >
      {oneLine(props.label ?? place)}
    </button>
  );
}

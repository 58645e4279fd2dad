import * as l10n from '@vscode/l10n';
import { exactText, visibleText } from '../../../../src/common/visibleText';
import { unifiedText } from '../../../../src/tools/editLines';
import type { FileEdit, ToolDescription } from '../../../../src/tools/toolDescription';
import { oneLine } from '../../../shared/plainText';
import type { TimelineModel } from '../../model/timelineModel';
import { DiffView } from '../diff/diffView';
import { CopyableBlock } from '../text/copyButton';
import { FilePath } from '../text/filePath';
import { Markdown } from '../text/markdown';
import './toolParts.css';

export interface ToolPartsProps {
  model: TimelineModel;
  /** Tells the folds of this call from those of others in the page. */
  id: string;
  description: ToolDescription;
  /** `exact` is for what is decided about: every unclear character is shown by a sign. */
  look: 'exact' | 'plain';
}

/** Everything in the description of a call but its title and questions. Nothing is cut. */
export function ToolParts({ model, id, description, look }: ToolPartsProps) {
  const { note, block, edits, steps, paths, details } = description;
  const show = look === 'exact' ? exactText : visibleText;
  const isPathShown = edits.length > 0 || paths.every(({ path }) => description.title.includes(path));
  return (
    <div class="tool-parts">
      {block !== undefined &&
        (block.language === 'markdown' ? (
          <div class="plan-text">
            <Markdown model={model} text={block.text} />
          </div>
        ) : (
          <CopyableBlock copy={async () => await model.actions.copyText(block.text)}>
            <pre
              class="code exact whole"
              dir="auto"
              aria-label={block.language === 'shellscript' ? l10n.t('Command') : l10n.t('Input')}
            >
              {show(block.text)}
            </pre>
          </CopyableBlock>
        ))}
      {note !== undefined && (
        <div class="faint" dir="auto">
          {show(note)}
        </div>
      )}
      {edits.map((edit, index) => (
        <Edit model={model} id={`${id} edit ${String(index)}`} edit={edit} isExact={look === 'exact'} />
      ))}
      {steps.length > 0 && (
        <ul class="steps">
          {steps.map(({ text, status }) => (
            <li dir="auto" class={status}>
              {show(text)}
            </li>
          ))}
        </ul>
      )}
      {!isPathShown && (
        <div class="line faint">
          {paths.map(({ path, line }) => (
            <FilePath model={model} path={path} line={line} />
          ))}
        </div>
      )}
      {details.length > 0 && (
        <dl class="details">
          {details.map(({ name, value }) => (
            <>
              <dt dir="auto">{show(name)}</dt>
              <dd dir="auto">{show(value)}</dd>
            </>
          ))}
        </dl>
      )}
    </div>
  );
}

const CHANGES: Record<FileEdit['change'], string> = {
  added: l10n.t('New file'),
  modified: l10n.t('Edit'),
  written: l10n.t('Write the whole file'),
  deleted: l10n.t('Delete'),
  renamed: l10n.t('Move'),
};

function Edit(props: { model: TimelineModel; id: string; edit: FileEdit; isExact: boolean }) {
  const { model, id, edit, isExact } = props;
  return (
    <div class="file-edit">
      <div class="line">
        <span>{CHANGES[edit.change]}</span>
        <FilePath model={model} path={edit.path} line={undefined} />
        {edit.movedTo !== undefined && (
          <>
            <span aria-hidden="true">→</span>
            <FilePath model={model} path={edit.movedTo} line={undefined} />
          </>
        )}
      </div>
      {edit.hunks.map((hunk, index) => (
        <>
          {hunk.everywhere && <div class="faint">{l10n.t('Everywhere in the file')}</div>}
          <DiffView
            model={model}
            id={`${id} ${String(index)}`}
            diff={unifiedText(hunk)}
            path={edit.path}
            label={l10n.t('Diff of {0}', oneLine(edit.path))}
            isExact={isExact}
          />
        </>
      ))}
    </div>
  );
}

import * as l10n from '@vscode/l10n';
import { visibleText } from '../../src/common/visibleText';
import type { DraftAttachment } from '../../src/protocol/promptProtocol';
import { Icon } from '../shared/icons';
import { formatSize } from '../shared/numbers';
import { oneLine } from '../shared/plainText';
import type { PromptModel } from './model/promptModel';
import './attachmentList.css';

/** What goes with the text, each with a button that removes it. */
export function AttachmentList({ model, disabled }: { model: PromptModel; disabled: boolean }) {
  if (model.attachments.length === 0) return null;
  return (
    <ul class="attachments" aria-label={l10n.t('Attachments')}>
      {model.attachments.map((attachment) => (
        <AttachmentChip key={attachment.id} model={model} attachment={attachment} disabled={disabled} />
      ))}
    </ul>
  );
}

function AttachmentChip({
  model,
  attachment: { id, name, bytes, isPicture },
  disabled,
}: {
  model: PromptModel;
  attachment: DraftAttachment;
  disabled: boolean;
}) {
  const address = isPicture ? model.thumbnail(id) : undefined;
  const label = oneLine(name, 60);
  return (
    <li class="attachment" title={`${visibleText(name)} · ${formatSize(bytes)}`} data-testid="attachment">
      {address === undefined ? <Icon name="read" /> : <img class="thumbnail" src={address} alt="" />}
      <span class="attachment-name" dir="auto">
        {label}
      </span>
      <button
        type="button"
        class="remove"
        aria-label={l10n.t('Remove {0}', label)}
        title={l10n.t('Remove {0}', label)}
        disabled={disabled}
        onClick={() => void model.detach(id)}
      >
        <Icon name="failed" />
      </button>
    </li>
  );
}

import * as l10n from '@vscode/l10n';
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from '../shared/iconButton';
import { commandKey } from '../shared/keyNames';
import { AttachmentList } from './attachmentList';
import { CompletionList, optionId } from './completionList';
import { draggedFiles, pastedFiles } from './draggedFiles';
import type { PromptModel } from './model/promptModel';
import { useCompletions } from './useCompletions';
import './promptBox.css';

export interface PromptBoxProps {
  model: PromptModel;
  label: string;
  placeholder: string;
  testId: string;
  /** True where nothing can be written at all. */
  disabled: boolean;
  /** True while the text is kept as it is. */
  readOnly?: boolean;
  /** Where there is room for completions. */
  opens: 'above' | 'below';
  onSend: () => void;
  /** Buttons at its lower edge. */
  children: ComponentChildren;
}

/** The keys that send, as they are written on the machine's keyboard. */
export const SEND_KEYS = commandKey('Enter');

/** A box for a prompt or a message of many lines, with files and pictures. Enter is a new line; `SEND_KEYS` sends. */
export function PromptBox({
  model,
  label,
  placeholder,
  testId,
  disabled,
  readOnly = false,
  opens,
  onSend,
  children,
}: PromptBoxProps) {
  const listId = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const caretWanted = useRef<number | undefined>(undefined);
  /** Puts the caret there once the text is painted. */
  const write = (text: string, caret: number): void => {
    caretWanted.current = caret;
    model.set(text);
  };
  const completions = useCompletions(model, write);
  useLayoutEffect(() => {
    if (model.takeFocus()) area.current?.focus();
    if (caretWanted.current === undefined) return;
    area.current?.setSelectionRange(caretWanted.current, caretWanted.current);
    caretWanted.current = undefined;
  });

  const goThroughHistory = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || !model.history.takes(model.text)) return;
    if (event.key === 'ArrowUp') {
      event.preventDefault();
      const before = model.text;
      void model.history.older(before).then((text) => {
        if (text !== undefined && model.text === before) write(text, text.length);
      });
    } else if (event.key === 'ArrowDown') {
      const text = model.history.newer(model.text);
      if (text === undefined) return;
      event.preventDefault();
      write(text, text.length);
    }
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.isComposing) return; // Enter ends what an input method composes
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation(); // VS Code would run its own command for these keys
      onSend();
    } else if (!completions.takeKey(event)) goThroughHistory(event);
  };

  const { items, active, kind } = completions;
  const isOpen = items.length > 0;
  return (
    <div
      class="prompt-box"
      onDragOver={(event) => {
        event.preventDefault();
      }}
      onDrop={(event) => {
        const dragged = draggedFiles(event.dataTransfer);
        if (dragged === undefined) return; // a text, which goes where it was dropped
        event.preventDefault();
        void (dragged.uris.length > 0 ? model.attachUris(dragged.uris) : model.attach(dragged.files));
      }}
    >
      <AttachmentList model={model} disabled={disabled || readOnly} />
      <div class="prompt-text">
        <textarea
          ref={area}
          aria-label={label}
          aria-autocomplete="list"
          aria-controls={isOpen ? listId : undefined}
          aria-activedescendant={isOpen ? optionId(listId, active) : undefined}
          data-testid={testId}
          dir="auto"
          rows={2}
          placeholder={placeholder}
          disabled={disabled}
          readOnly={readOnly}
          value={model.text}
          onInput={({ currentTarget }) => {
            model.set(currentTarget.value);
            void completions.ask(currentTarget.value, currentTarget.selectionStart);
          }}
          onBlur={() => {
            model.save();
            completions.close();
          }}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const files = pastedFiles(event.clipboardData);
            if (files.length === 0) return;
            event.preventDefault();
            void model.attach(files);
          }}
        />
        {isOpen && (
          <CompletionList
            id={listId}
            label={kind === 'file' ? l10n.t('Files') : l10n.t('Commands of the agent')}
            items={items}
            active={active}
            opens={opens}
            onChoose={(item) => completions.choose(item)}
          />
        )}
      </div>
      <div class="unseen" role="status">
        {isOpen && l10n.t('{0} suggestions', items.length)}
      </div>
      <div class="prompt-bar">
        <IconButton
          icon="attach"
          label={l10n.t('Attach Files and Pictures…')}
          disabled={disabled || readOnly || model.isAttaching}
          onClick={() => void model.chooseFiles()}
        />
        {children}
      </div>
    </div>
  );
}

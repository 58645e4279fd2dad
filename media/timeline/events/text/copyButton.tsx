import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../../../shared/icons';
import './copyButton.css';

/** How long the button says that it has copied. */
const COPIED_MS = 2_000;

/** A block of text with a button that copies it, which shows while the pointer or the focus is there. */
export function CopyableBlock({ copy, children }: { copy: () => Promise<void>; children: ComponentChildren }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => {
      setCopied(false);
    }, COPIED_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isCopied]);
  const label = isCopied ? l10n.t('Copied') : l10n.t('Copy');
  return (
    <div class="copyable">
      {children}
      <button
        type="button"
        class="icon-button copy"
        aria-label={label}
        title={label}
        onClick={() => {
          void copy().then(() => {
            setCopied(true);
          });
        }}
      >
        <Icon name={isCopied ? 'ok' : 'copy'} />
      </button>
    </div>
  );
}

import * as l10n from '@vscode/l10n';
import { contextText } from './events/usageText';
import './contextGauge.css';

/** From this share on the window is nearly full. */
const NEARLY_FULL = 0.8;

/** How full the agent's context window is; nothing where the agent does not tell. */
export function ContextGauge({ context }: { context: Parameters<typeof contextText>[0] | undefined }) {
  const { usedTokens, limitTokens } = context ?? {};
  if (usedTokens === undefined) return null;
  const text = contextText({ usedTokens, limitTokens });
  const title = l10n.t('How full the agent’s context window was at its last request');
  if (limitTokens === undefined || limitTokens === 0)
    return (
      <span class="faint" title={title} data-testid="context">
        {text}
      </span>
    );
  const share = Math.min(1, usedTokens / limitTokens);
  return (
    <span class="context faint" title={title} data-testid="context">
      <span
        class={`context-bar${share >= NEARLY_FULL ? ' nearly-full' : ''}`}
        role="meter"
        aria-label={l10n.t('Context window')}
        aria-valuemin={0}
        aria-valuemax={limitTokens}
        aria-valuenow={Math.min(usedTokens, limitTokens)}
        aria-valuetext={text}
      >
        <span style={{ width: `${String(share * 100)}%` }} />
      </span>
      {text}
    </span>
  );
}

import * as l10n from '@vscode/l10n';
import type { ContextUse, Usage } from '../../../src/storage/events';
import { formatCost, formatNumber } from '../../shared/numbers';

/** `Context 62.0k of 200.0k (31 %)`; empty where nothing is known. */
export function contextText({ usedTokens, limitTokens }: ContextUse): string {
  if (usedTokens === undefined) return '';
  const used = formatNumber(usedTokens);
  if (limitTokens === undefined || limitTokens === 0) return l10n.t('Context {used}', { used });
  return l10n.t('Context {used} of {limit} ({percent} %)', {
    used,
    limit: formatNumber(limitTokens),
    percent: Math.round((100 * usedTokens) / limitTokens),
  });
}

/** `12.3k in · 400 out · 9k cached · $0.12`; empty where nothing is known. */
export function usageText({ inputTokens, outputTokens, cachedTokens, costUsd }: Usage): string {
  const parts: string[] = [];
  if (inputTokens !== undefined) parts.push(l10n.t('{0} in', formatNumber(inputTokens)));
  if (outputTokens !== undefined) parts.push(l10n.t('{0} out', formatNumber(outputTokens)));
  if (cachedTokens !== undefined && cachedTokens > 0) parts.push(l10n.t('{0} cached', formatNumber(cachedTokens)));
  if (costUsd !== undefined && costUsd > 0) parts.push(formatCost(costUsd, costUsd < 0.1 ? 4 : 2));
  return parts.join(' · ');
}

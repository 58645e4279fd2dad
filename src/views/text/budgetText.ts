import * as l10n from '@vscode/l10n';
import type { BudgetLevel } from '../../storage/budget';

/** `81,000 of 100,000 tokens`, or the same in USD. */
export function budgetText({ scope, unit, used, limit, isShared }: BudgetLevel): string {
  const amount = (value: number): string =>
    unit === 'usd' ? `$${value.toFixed(2)}` : Math.round(value).toLocaleString();
  const of = { used: amount(used), limit: amount(limit) };
  if (isShared === true)
    return unit === 'usd'
      ? l10n.t('{used} of {limit}, with the sessions that agents started with it', of)
      : l10n.t('{used} of {limit} tokens, with the sessions that agents started with it', of);
  if (unit === 'usd')
    return scope === 'session'
      ? l10n.t('{used} of {limit}', of)
      : l10n.t('{used} of {limit} by all sessions today', of);
  return scope === 'session'
    ? l10n.t('{used} of {limit} tokens', of)
    : l10n.t('{used} of {limit} tokens by all sessions today', of);
}

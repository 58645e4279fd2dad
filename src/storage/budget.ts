/** What sessions may use, and what they have used of it. Pure. */
import * as v from 'valibot';

const amount = v.pipe(v.number(), v.finite(), v.gtValue(0));
export const limitsSchema = v.object({ tokens: v.optional(amount), usd: v.optional(amount) });
/** A limit that is absent does not hold. */
export type Limits = v.InferOutput<typeof limitsSchema>;

/** `day` is a local calendar day, over all sessions of the store. */
export const BUDGET_SCOPES = ['session', 'day'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];
export type Budget = Partial<Record<BudgetScope, Limits | undefined>>;

const lenientAmount = v.fallback(v.optional(amount), undefined);
const lenientLimits = v.fallback(v.optional(v.object({ tokens: lenientAmount, usd: lenientAmount })), undefined);
/** A budget as people write it: an amount that is none does not hold, and the others do. */
export const budgetSchema: v.GenericSchema<unknown, Budget> = v.object({ session: lenientLimits, day: lenientLimits });

const UNITS = ['tokens', 'usd'] as const;
type Unit = (typeof UNITS)[number];

export const amountsSchema = v.object({ tokens: v.number(), usd: v.number() });
export type Amounts = v.InferOutput<typeof amountsSchema>;
export const NOTHING_USED: Amounts = { tokens: 0, usd: 0 };

/** How much of a budget is used: `limit` is what it is, or up to where a person let the session go on. */
export const budgetLevelSchema = v.object({
  scope: v.picklist(BUDGET_SCOPES),
  unit: v.picklist(UNITS),
  used: v.number(),
  limit: v.number(),
  /** Present where sessions that agents started for one another used it together. */
  isShared: v.exactOptional(v.literal(true)),
});
export type BudgetLevel = v.InferOutput<typeof budgetLevelSchema>;

/** A person let the session go on up to here. */
export const budgetStepSchema = v.object({
  scope: v.picklist(BUDGET_SCOPES),
  unit: v.picklist(UNITS),
  upTo: v.number(),
});
export type BudgetStep = v.InferOutput<typeof budgetStepSchema>;

/** What a run is told when it starts: its budgets, and what earlier runs make of them. */
export const runBudgetSchema = v.object({
  session: v.optional(limitsSchema),
  day: v.optional(limitsSchema),
  /** By the session's earlier runs. */
  used: amountsSchema,
  /** Up to where people let the session go. */
  allowed: limitsSchema,
  /** The `warningName` of each warning that was given. */
  warned: v.array(v.string()),
  /** The sessions that share its budget, with this one: the id of that at the top, and what each of their runs used. */
  tree: v.exactOptional(v.object({ id: v.string(), used: v.record(v.string(), amountsSchema) })),
});
export type RunBudget = v.InferOutput<typeof runBudgetSchema>;

/** From this share of a budget on there is a warning, once. */
const WARNING_SHARE = 0.8;

interface UsedTokens {
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  costUsd?: number | undefined;
}

/** What counts against a budget. Tokens that come from the cache do not: each request has all of them again. */
export function amountsOf({ inputTokens = 0, outputTokens = 0, costUsd = 0 }: UsedTokens): Amounts {
  return { tokens: inputTokens + outputTokens, usd: costUsd };
}

export function plus(a: Amounts, b: Amounts): Amounts {
  return { tokens: a.tokens + b.tokens, usd: a.usd + b.usd };
}

/** Of two that tell of the same, each of which may lag behind. */
export function furthest(a: Amounts, b: Amounts): Amounts {
  return { tokens: Math.max(a.tokens, b.tokens), usd: Math.max(a.usd, b.usd) };
}

export function furthestLimits(a: Limits, b: Limits): Limits {
  const limits: Limits = {};
  for (const unit of UNITS) {
    const known = [a[unit], b[unit]].filter((limit) => limit !== undefined);
    if (known.length > 0) limits[unit] = Math.max(...known);
  }
  return limits;
}

/** What is known of one scope of a budget. */
export interface ScopeUse {
  used: Amounts;
  /** Up to where people let it go. */
  allowed: Limits;
  /** As in `BudgetLevel`. */
  isShared?: boolean;
}

/** A budget's level, and the budget itself: the length of a step. */
interface Measured extends BudgetLevel {
  step: number;
}

function measure(budget: Budget, uses: Record<BudgetScope, ScopeUse>): Measured[] {
  return BUDGET_SCOPES.flatMap((scope) =>
    UNITS.flatMap((unit: Unit): Measured[] => {
      const step = budget[scope]?.[unit];
      if (step === undefined) return [];
      const { used, allowed, isShared } = uses[scope];
      const limit = Math.max(step, allowed[unit] ?? 0);
      return [{ scope, unit, used: used[unit], limit, step, ...(isShared === true ? { isShared } : {}) }];
    }),
  );
}

function levelOf({ scope, unit, used, limit, isShared }: Measured): BudgetLevel {
  return { scope, unit, used, limit, ...(isShared === true ? { isShared } : {}) };
}

/** The budgets of which most is used, and not all. */
export function nearlyUsed(budget: Budget, uses: Record<BudgetScope, ScopeUse>): BudgetLevel[] {
  return measure(budget, uses)
    .filter(({ used, limit, step }) => used < limit && used >= limit - (1 - WARNING_SHARE) * step)
    .map(levelOf);
}

/** The first budget that is used up, and up to where the session may go when a person lets it go on. */
export function usedUp(
  budget: Budget,
  uses: Record<BudgetScope, ScopeUse>,
): { level: BudgetLevel; next: BudgetStep } | undefined {
  const found = measure(budget, uses).find(({ used, limit }) => used >= limit);
  if (found === undefined) return undefined;
  const { scope, unit, used, step } = found;
  return { level: levelOf(found), next: { scope, unit, upTo: (Math.floor(used / step) + 1) * step } };
}

/** The local calendar day, such as `2026-03-01`. */
export function localDay(timeMs: number): string {
  const date = new Date(timeMs);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** By which a warning is known that was given. */
export function warningName({ scope, unit, limit }: Omit<BudgetLevel, 'used'>): string {
  return `${scope} ${unit} ${limit}`;
}

/** In English, for the journal: `81,000 tokens` or `$8.10`. */
export function amountInWords(unit: BudgetLevel['unit'], amount: number): string {
  return unit === 'usd' ? `$${amount.toFixed(2)}` : `${Math.round(amount).toLocaleString('en')} tokens`;
}

/** In English, for the journal: `This session has used 81,000 tokens of its budget of 100,000 tokens`. */
export function levelInWords({ scope, unit, used, limit, isShared }: BudgetLevel): string {
  const [much, all] = [amountInWords(unit, used), amountInWords(unit, limit)];
  if (scope === 'day') return `All sessions of this day have used ${much} of their budget of ${all}`;
  return isShared === true
    ? `This session and those that agents started with it have used ${much} of their budget of ${all}`
    : `This session has used ${much} of its budget of ${all}`;
}

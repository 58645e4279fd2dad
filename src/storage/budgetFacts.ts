/** What the journals of a session say of its budget. Pure. */
import { amountsOf, plus, warningName, type Amounts, type Budget, type BudgetLevel, type Limits } from './budget';
import type { RunFacts, UsageTotals } from './sessionFacts';

/** What a run is told of its budget; nothing where there is none. `asides` is what questions beside the work used. */
export function budgetOf(
  { session, day }: Budget,
  runs: readonly RunFacts[],
  asides: UsageTotals | undefined,
): { budget?: Budget & { used: Amounts; allowed: Limits; warned: string[] } } {
  if (session === undefined && day === undefined) return {};
  const allowed: Limits = {};
  for (const unit of ['tokens', 'usd'] as const) {
    const steps = runs.flatMap(({ budget }) => budget?.allowed[unit] ?? []);
    if (steps.length > 0) allowed[unit] = Math.max(...steps);
  }
  return {
    budget: {
      ...(session === undefined ? {} : { session }),
      ...(day === undefined ? {} : { day }),
      used: runs.map(({ usage }) => amountsOf(usage)).reduce(plus, amountsOf(asides ?? {})),
      allowed,
      warned: runs.flatMap(({ budget }) => (budget?.level === undefined ? [] : [warningName(budget.level)])),
    },
  };
}

/** The level that people see: of the session's own budget, or while it runs also of the day's. */
export function shownLevel(runs: readonly RunFacts[], openRun: RunFacts | undefined): BudgetLevel | undefined {
  const run = runs.findLast(({ budget }) => budget !== undefined);
  const level = run?.budget?.level;
  return level?.scope === 'session' || run === openRun ? level : undefined;
}

/** What the journals of a session say of its budget. Pure. */
import {
  amountsOf,
  furthestLimits,
  plus,
  warningName,
  type Amounts,
  type Budget,
  type BudgetLevel,
  type RunBudget,
} from './budget';
import type { UsageTotals } from './events';
import type { RunFacts } from './sessionFacts';

/** The sessions that share the budget of one session, since agents started them. */
export interface BudgetTree {
  /** The id of the session at its top. */
  id: string;
  /** Of all of them. */
  runs: readonly RunFacts[];
  /** By each run, and by each question beside the work. */
  used: Readonly<Record<string, Amounts>>;
}

/** What a run is told of its budget; nothing where there is none. `asides` is what questions beside the work used. */
export function budgetOf(
  { session, day }: Budget,
  runs: readonly RunFacts[],
  asides: UsageTotals | undefined,
  tree?: BudgetTree,
): { budget?: RunBudget } {
  if (session === undefined && day === undefined) return {};
  const shared = (tree?.runs ?? runs).flatMap(({ budget }) => budget ?? []);
  return {
    budget: {
      ...(session === undefined ? {} : { session }),
      ...(day === undefined ? {} : { day }),
      used: runs.map(({ usage }) => amountsOf(usage)).reduce(plus, amountsOf(asides ?? {})),
      allowed: shared.map(({ allowed }) => allowed).reduce(furthestLimits, {}),
      warned: shared.flatMap(({ level }) => (level === undefined ? [] : [warningName(level)])),
      ...(tree === undefined ? {} : { tree: { id: tree.id, used: { ...tree.used } } }),
    },
  };
}

/** The level that people see: of the session's own budget, or while it runs also of the day's. */
export function shownLevel(runs: readonly RunFacts[], openRun: RunFacts | undefined): BudgetLevel | undefined {
  const run = runs.findLast(({ budget }) => budget !== undefined);
  const level = run?.budget?.level;
  return level?.scope === 'session' || run === openRun ? level : undefined;
}

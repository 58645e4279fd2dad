import {
  amountsOf,
  furthest,
  furthestLimits,
  localDay,
  NOTHING_USED,
  plus,
  type Amounts,
  type BudgetScope,
  type BudgetStep,
  type Limits,
  type ScopeUse,
} from '../../../storage/budget';
import type { Usage } from '../../../storage/events';
import { StorePaths } from '../../../storage/paths';
import { Spending, type SpendingLine } from '../../../storage/store/spending';
import type { RunBootstrap } from '../../runnerProtocol/protocol';

/** Less than that is a rounding. */
const LEAST_USD = 1e-6;

/** With the `warningName` of each warning that others gave. */
export type KnownUse = ScopeUse & { warned: ReadonlySet<string> };

/** What a run uses of its budgets, beside what others do with which it shares them. */
export class BudgetUse {
  readonly #run: RunBootstrap;
  readonly #spending: Spending;
  readonly #onError: (error: unknown) => void;
  readonly #allowed: Limits;
  /** By day: a run may go on past midnight. */
  readonly #usedOnDays = new Map<string, Amounts>();
  #used = NOTHING_USED;
  /** What the open turn has used, before its end tells all of it. */
  #usedInTurn = NOTHING_USED;
  #written: Promise<void> = Promise.resolve();

  constructor(run: RunBootstrap, onError: (error: unknown) => void) {
    this.#run = run;
    this.#onError = onError;
    this.#spending = new Spending(new StorePaths(run.storeRoot));
    this.#allowed = { ...run.budget?.allowed };
  }

  /** Settles when what was used is written down for others. */
  get written(): Promise<void> {
    return this.#written;
  }

  async removeOld(): Promise<void> {
    await this.#spending.removeOld(Date.now()).catch(this.#onError);
  }

  turnStarted(): void {
    this.#usedInTurn = NOTHING_USED;
  }

  /** All that the open turn has used so far. */
  setInTurn(usage: Usage): void {
    this.#usedInTurn = amountsOf(usage);
  }

  add(usage: Usage): void {
    const amounts = amountsOf(usage);
    if (amounts.tokens === 0 && amounts.usd === 0) return;
    this.#usedInTurn = NOTHING_USED;
    const { runId } = this.#run;
    const used = (this.#used = plus(this.#used, amounts));
    const day = localDay(Date.now());
    const usedOnDay = plus(this.#usedOnDays.get(day) ?? NOTHING_USED, amounts);
    this.#usedOnDays.set(day, usedOnDay);
    this.#written = this.#written
      .then(async () => {
        await this.#spending.append(day, { runId, used: usedOnDay });
        await this.tell('session', { runId, used });
      })
      .catch(this.#onError);
  }

  /** A person lets the session, or all sessions of today, go on up to there. */
  async allow(step: BudgetStep): Promise<void> {
    if (step.scope === 'session') this.#allowed[step.unit] = step.upTo;
    await this.tell(step.scope, { allowed: step }).catch(this.#onError);
  }

  /** Tells those that share the budget; nobody does where a session is alone. */
  async tell(scope: BudgetScope, line: SpendingLine): Promise<void> {
    const of = scope === 'day' ? localDay(Date.now()) : this.#run.budget?.tree?.id;
    if (of !== undefined) await this.#spending.append(of, line);
  }

  async read(): Promise<Record<BudgetScope, KnownUse>> {
    const [session, day] = await Promise.all([this.#ofSession(), this.#ofDay()]);
    return { session, day };
  }

  async #ofSession(): Promise<KnownUse> {
    const { budget, runId } = this.#run;
    const { tree, used: before = NOTHING_USED } = budget ?? {};
    const inRun = plus(this.#used, this.#usedInTurn);
    const own = plus(before, inRun);
    if (budget?.session === undefined || tree === undefined)
      return { used: own, allowed: this.#allowed, warned: new Set() };
    const told = await this.#spending.read(tree.id);
    let used = inRun;
    for (const id of new Set([...Object.keys(tree.used), ...told.used.keys()]))
      if (id !== runId) used = plus(used, furthest(tree.used[id] ?? NOTHING_USED, told.used.get(id) ?? NOTHING_USED));
    const isShared = used.tokens > own.tokens || used.usd - own.usd > LEAST_USD;
    return { used, allowed: furthestLimits(this.#allowed, told.allowed), warned: told.warned, isShared };
  }

  async #ofDay(): Promise<KnownUse> {
    const { budget, runId } = this.#run;
    if (budget?.day === undefined) return { used: NOTHING_USED, allowed: {}, warned: new Set() };
    const today = localDay(Date.now());
    const told = await this.#spending.read(today);
    let used = plus(this.#usedOnDays.get(today) ?? NOTHING_USED, this.#usedInTurn);
    for (const [id, amounts] of told.used) if (id !== runId) used = plus(used, amounts);
    return { used, allowed: told.allowed, warned: told.warned };
  }
}

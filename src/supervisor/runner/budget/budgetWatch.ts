import {
  amountInWords,
  amountsOf,
  levelInWords,
  localDay,
  nearlyUsed,
  NOTHING_USED,
  plus,
  usedUp,
  warningName,
  type Amounts,
  type BudgetLevel,
  type BudgetScope,
  type BudgetStep,
  type Limits,
  type ScopeUse,
} from '../../../storage/budget';
import { BUDGET_ERROR } from '../../../storage/asides';
import type { DraftEvent, EventData, RunState, Usage } from '../../../storage/events';
import { StorePaths } from '../../../storage/paths';
import { DaySpending } from '../../../storage/store/daySpending';
import type { RunBootstrap } from '../../runnerProtocol/protocol';

/** What other sessions use is looked at this often, beside each time that this one uses something. */
const LOOK_EVERY_MS = 5_000;

/** Said to an agent that was interrupted. */
const GO_ON_PROMPT = 'Please go on where you were interrupted.';

export interface BudgetHost {
  emit: (event: DraftEvent) => void;
  /** The run's. */
  state: () => RunState;
  /** Asks the agent to end its turn. */
  interrupt: () => boolean;
  /** Sends the agent a message. */
  say: (text: string) => void;
  /** Nothing holds an agent any more that has ended its turn. */
  rest: () => void;
  /** A person wants the run to end here. */
  stop: () => void;
  onError: (error: unknown) => void;
}

/**
 * Holds a run to the budgets of its session and of the day: warns once, and interrupts the turn and asks a person when
 * one is used up. Counts only what the agent tells.
 */
export class BudgetWatch {
  readonly #run: RunBootstrap;
  readonly #host: BudgetHost;
  readonly #spending: DaySpending;
  readonly #allowed: Limits;
  readonly #warned: Set<string>;
  /** By day: a run may go on past midnight. */
  readonly #usedOnDays = new Map<string, Amounts>();
  #used = NOTHING_USED;
  /** What the open turn has used, before its end tells all of it. */
  #usedInTurn = NOTHING_USED;
  #isTurnOpen = false;
  #isEnded = false;
  #question: { requestId: string; next: BudgetStep; hasInterrupted: boolean } | undefined;
  /** Lets the agent begin. */
  #admit: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #looksAgain = false;
  #lookedMs = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(run: RunBootstrap, host: BudgetHost) {
    this.#run = run;
    this.#host = host;
    this.#spending = new DaySpending(new StorePaths(run.storeRoot));
    this.#allowed = { ...run.budget?.allowed };
    this.#warned = new Set(run.budget?.warned);
  }

  /** True while a person is asked whether the session may go on. */
  get isAsking(): boolean {
    return this.#question !== undefined;
  }

  /** Settles when the agent may begin: at once, or when a person allowed it. Also when the run is to end. */
  async admit(): Promise<void> {
    await this.#spending.removeOld(Date.now()).catch(this.#host.onError);
    const over = await this.#findUsedUp();
    if (over === undefined || this.#isEnded) return;
    await new Promise<void>((fulfil) => {
      this.#admit = fulfil;
      this.#ask(over, false);
    });
  }

  /** Sees every event that is journalled. */
  observe(event: DraftEvent): void {
    if (event.kind === 'usage') this.#add(event.data);
    if (event.kind === 'turn.ended') this.#isTurnOpen = false;
    if (event.kind === 'turn.started') {
      this.#isTurnOpen = true;
      this.#usedInTurn = NOTHING_USED;
      // A message that had waited began it.
      if (this.#question !== undefined) this.#interrupt(this.#question);
    }
    if (event.kind === 'turn.started' || event.kind === 'usage' || Date.now() - this.#lookedMs > LOOK_EVERY_MS)
      this.#look();
  }

  /** What the open turn has used so far. */
  usedInTurn(usage: Usage): void {
    this.#usedInTurn = amountsOf(usage);
    this.#look();
  }

  asks(requestId: string): boolean {
    return this.#question?.requestId === requestId;
  }

  /** The answer as it is journalled: with up to where the session may go on. */
  withStep(answer: EventData<'permission.answer'>): EventData<'permission.answer'> {
    return this.#question?.requestId === answer.requestId && answer.outcome === 'allowed'
      ? { ...answer, budget: this.#question.next }
      : answer;
  }

  /** A person answered the question, and that is on the disk. */
  async answered(isAllowed: boolean): Promise<void> {
    const question = this.#question;
    if (question === undefined) return;
    if (!isAllowed) {
      this.#question = undefined;
      this.#host.stop();
      return;
    }
    const { scope, unit, upTo } = question.next;
    if (scope === 'session') this.#allowed[unit] = upTo;
    else await this.#spending.append(localDay(Date.now()), { allowed: question.next }).catch(this.#host.onError);
    const over = await this.#findUsedUp();
    if (this.#question !== question) return; // the run ends
    this.#question = undefined;
    if (over !== undefined && over.next.upTo !== upTo) this.#ask(over, question.hasInterrupted);
    else if (this.#admit !== undefined) this.#admit();
    else if (question.hasInterrupted) this.#host.say(GO_ON_PROMPT);
    else if (!this.#isTurnOpen) this.#host.rest();
  }

  /** The agent has ended. Settles when all that it used is looked at, and written down for others. */
  async finish(): Promise<void> {
    while (this.#looking !== undefined) await this.#looking;
    this.end();
    await this.#written;
  }

  /** The run ends otherwise: nothing is asked any more. */
  end(): void {
    this.#isEnded = true;
    const question = this.#question;
    this.#question = undefined;
    if (question !== undefined)
      this.#host.emit({
        kind: 'permission.answer',
        data: { requestId: question.requestId, outcome: 'withdrawn' },
      });
    this.#admit?.();
  }

  #add(usage: Usage): void {
    const amounts = amountsOf(usage);
    if (amounts.tokens === 0 && amounts.usd === 0) return;
    this.#usedInTurn = NOTHING_USED;
    this.#used = plus(this.#used, amounts);
    const day = localDay(Date.now());
    const used = plus(this.#usedOnDays.get(day) ?? NOTHING_USED, amounts);
    this.#usedOnDays.set(day, used);
    const { runId } = this.#run;
    this.#written = this.#written
      .then(async () => await this.#spending.append(day, { runId, used }))
      .catch(this.#host.onError);
  }

  #look(): void {
    if (this.#run.budget === undefined || this.#isEnded) return;
    this.#looksAgain = this.#looking !== undefined;
    this.#looking ??= this.#check()
      .catch(this.#host.onError)
      .finally(() => {
        this.#looking = undefined;
        if (this.#looksAgain) this.#look();
      });
  }

  async #check(): Promise<void> {
    const { budget = {} } = this.#run;
    this.#lookedMs = Date.now();
    const { session, day, warnedOfDay } = await this.#uses();
    for (const level of nearlyUsed(budget, { session, day })) if (!this.#isEnded) await this.#warn(level, warnedOfDay);
    const over = usedUp(budget, { session, day });
    if (over !== undefined && this.#question === undefined && this.#isTurnOpen && !this.#isEnded)
      this.#ask(over, false);
  }

  async #findUsedUp(): Promise<ReturnType<typeof usedUp>> {
    const { budget } = this.#run;
    if (budget === undefined) return undefined;
    try {
      return usedUp(budget, await this.#uses());
    } catch (error) {
      this.#host.onError(error); // what cannot be read holds up nobody
      return undefined;
    }
  }

  async #uses(): Promise<Record<BudgetScope, ScopeUse> & { warnedOfDay: ReadonlySet<string> }> {
    const { runId, budget } = this.#run;
    const session = { used: plus(budget?.used ?? NOTHING_USED, this.#total()), allowed: this.#allowed };
    if (budget?.day === undefined) return { session, day: { used: NOTHING_USED, allowed: {} }, warnedOfDay: new Set() };
    const today = localDay(Date.now());
    const { usedByOthers, allowed, warned } = await this.#spending.read(today, runId);
    const own = plus(this.#usedOnDays.get(today) ?? NOTHING_USED, this.#usedInTurn);
    return { session, day: { used: plus(usedByOthers, own), allowed }, warnedOfDay: warned };
  }

  #total(): Amounts {
    return plus(this.#used, this.#usedInTurn);
  }

  async #warn(level: BudgetLevel, warnedOfDay: ReadonlySet<string>): Promise<void> {
    const name = warningName(level);
    if (this.#warned.has(name) || (level.scope === 'day' && warnedOfDay.has(name))) return;
    this.#warned.add(name);
    const state = this.#host.state();
    const data = { from: state, to: state, reason: levelInWords(level), budget: level };
    this.#host.emit({ kind: 'status', data });
    if (level.scope === 'day') await this.#spending.append(localDay(Date.now()), { warned: name });
  }

  #ask({ level, next }: NonNullable<ReturnType<typeof usedUp>>, hasInterrupted: boolean): void {
    if (this.#run.aside !== undefined) {
      // Nobody is asked about a question beside the work.
      this.#isEnded = true;
      this.#host.emit({ kind: 'error', data: { message: `${levelInWords(level)}.`, code: BUDGET_ERROR } });
      this.#admit?.();
      return this.#host.stop();
    }
    const question = { requestId: `budget ${next.scope} ${next.unit} ${next.upTo}`, next, hasInterrupted };
    this.#question = question;
    this.#host.emit({
      kind: 'permission.request',
      data: {
        requestId: question.requestId,
        title: `${levelInWords(level)}. Go on up to ${amountInWords(next.unit, next.upTo)}?`,
        isWhole: true,
        options: [
          { optionId: 'go-on', name: 'Go On', kind: 'allow_once' },
          { optionId: 'stop', name: 'Stop', kind: 'reject_once' },
        ],
        budget: level,
      },
    });
    if (this.#isTurnOpen) this.#interrupt(question);
  }

  #interrupt(question: { hasInterrupted: boolean }): void {
    if (this.#host.interrupt()) question.hasInterrupted = true;
  }
}

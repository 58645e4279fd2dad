import {
  amountInWords,
  levelInWords,
  nearlyUsed,
  usedUp,
  warningName,
  type BudgetLevel,
  type BudgetStep,
} from '../../../storage/budget';
import { BUDGET_ERROR } from '../../../storage/asides';
import type { DraftEvent, EventData, RunState, Usage } from '../../../storage/events';
import type { RunBootstrap } from '../../runnerProtocol/protocol';
import { BudgetUse } from './budgetUse';

/** What other sessions use is looked at this often, beside each time that this one uses something. */
const LOOK_EVERY_MS = 5_000;
/** While a person is asked, who may be answering the same question of another session. */
const LOOK_WHILE_ASKING_MS = 2_000;

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

interface Question {
  requestId: string;
  next: BudgetStep;
  hasInterrupted: boolean;
  isAnswered: boolean;
}

/**
 * Holds a run to the budgets of its session, or the session's tree, and of the day: warns once, and interrupts the turn
 * and asks a person when one is used up. Counts only what the agent tells.
 */
export class BudgetWatch {
  readonly #budget: RunBootstrap['budget'];
  readonly #isAside: boolean;
  readonly #host: BudgetHost;
  readonly #use: BudgetUse;
  readonly #warned: Set<string>;
  #isTurnOpen = false;
  #isEnded = false;
  #question: Question | undefined;
  #askingTimer: NodeJS.Timeout | undefined;
  /** Lets the agent begin. */
  #admit: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #looksAgain = false;
  #lookedMs = 0;

  constructor(run: RunBootstrap, host: BudgetHost) {
    this.#budget = run.budget;
    this.#isAside = run.aside !== undefined;
    this.#host = host;
    this.#use = new BudgetUse(run, host.onError);
    this.#warned = new Set(run.budget?.warned);
  }

  /** True while a person is asked whether the session may go on. */
  get isAsking(): boolean {
    return this.#question !== undefined;
  }

  /** Settles when the agent may begin: at once, or when a person allowed it. Also when the run is to end. */
  async admit(): Promise<void> {
    await this.#use.removeOld();
    const over = await this.#findUsedUp();
    if (over === undefined || this.#isEnded) return;
    await new Promise<void>((fulfil) => {
      this.#admit = fulfil;
      this.#ask(over, false);
    });
  }

  /** Sees every event that is journalled. */
  observe(event: DraftEvent): void {
    if (event.kind === 'usage') this.#use.add(event.data);
    if (event.kind === 'permission.answer' && this.#question?.requestId === event.data.requestId)
      this.#question.isAnswered = true;
    if (event.kind === 'turn.ended') this.#isTurnOpen = false;
    if (event.kind === 'turn.started') {
      this.#isTurnOpen = true;
      this.#use.turnStarted();
      // A message that had waited began it.
      if (this.#question !== undefined) this.#interrupt(this.#question);
    }
    if (event.kind === 'turn.started' || event.kind === 'usage' || Date.now() - this.#lookedMs > LOOK_EVERY_MS)
      this.#look();
  }

  /** What the open turn has used so far. */
  usedInTurn(usage: Usage): void {
    this.#use.setInTurn(usage);
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
      this.#close();
      this.#host.stop();
      return;
    }
    await this.#use.allow(question.next);
    const over = await this.#findUsedUp();
    if (this.#question !== question) return; // the run ends
    this.#close();
    if (over !== undefined && over.next.upTo !== question.next.upTo) this.#ask(over, question.hasInterrupted);
    else this.#goOn(question);
  }

  /** The agent has ended. Settles when all that it used is looked at, and written down for others. */
  async finish(): Promise<void> {
    while (this.#looking !== undefined) await this.#looking;
    this.end();
    await this.#use.written;
  }

  /** The run ends otherwise: nothing is asked any more. */
  end(): void {
    this.#isEnded = true;
    this.#withdraw();
    this.#admit?.();
  }

  #close(): void {
    clearInterval(this.#askingTimer);
    this.#question = undefined;
  }

  /** `step`: up to where a person let another session go on. */
  #withdraw(step?: BudgetStep): void {
    const question = this.#question;
    if (question === undefined) return;
    this.#close();
    const budget = step === undefined ? {} : { budget: step };
    this.#host.emit({
      kind: 'permission.answer',
      data: { requestId: question.requestId, outcome: 'withdrawn', ...budget },
    });
  }

  #goOn({ hasInterrupted }: Question): void {
    if (this.#admit !== undefined) this.#admit();
    else if (hasInterrupted) this.#host.say(GO_ON_PROMPT);
    else if (!this.#isTurnOpen) this.#host.rest();
  }

  /** A person may have let another session go on that shares the budget. */
  async #lookWhileAsking(question: Question): Promise<void> {
    const over = await this.#findUsedUp();
    if (over !== undefined || question.isAnswered || this.#question !== question) return;
    this.#withdraw(question.next);
    this.#goOn(question);
  }

  #look(): void {
    if (this.#budget === undefined || this.#isEnded) return;
    this.#looksAgain = this.#looking !== undefined;
    this.#looking ??= this.#check()
      .catch(this.#host.onError)
      .finally(() => {
        this.#looking = undefined;
        if (this.#looksAgain) this.#look();
      });
  }

  async #check(): Promise<void> {
    const budget = this.#budget ?? {};
    this.#lookedMs = Date.now();
    const uses = await this.#use.read();
    for (const level of nearlyUsed(budget, uses)) if (!this.#isEnded) await this.#warn(level, uses[level.scope].warned);
    const over = usedUp(budget, uses);
    if (over !== undefined && this.#question === undefined && this.#isTurnOpen && !this.#isEnded)
      this.#ask(over, false);
  }

  async #findUsedUp(): Promise<ReturnType<typeof usedUp>> {
    if (this.#budget === undefined) return undefined;
    try {
      return usedUp(this.#budget, await this.#use.read());
    } catch (error) {
      this.#host.onError(error); // what cannot be read holds up nobody
      return undefined;
    }
  }

  async #warn(level: BudgetLevel, toldByOthers: ReadonlySet<string>): Promise<void> {
    const name = warningName(level);
    if (this.#warned.has(name) || toldByOthers.has(name)) return;
    this.#warned.add(name);
    const state = this.#host.state();
    const data = { from: state, to: state, reason: levelInWords(level), budget: level };
    this.#host.emit({ kind: 'status', data });
    await this.#use.tell(level.scope, { warned: name });
  }

  #ask({ level, next }: NonNullable<ReturnType<typeof usedUp>>, hasInterrupted: boolean): void {
    if (this.#isAside) {
      // Nobody is asked about a question beside the work.
      this.#isEnded = true;
      this.#host.emit({ kind: 'error', data: { message: `${levelInWords(level)}.`, code: BUDGET_ERROR } });
      this.#admit?.();
      return this.#host.stop();
    }
    const requestId = `budget ${next.scope} ${next.unit} ${next.upTo}`;
    const question = { requestId, next, hasInterrupted, isAnswered: false };
    this.#question = question;
    if (next.scope === 'day' || this.#budget?.tree !== undefined)
      this.#askingTimer = setInterval(() => {
        this.#lookWhileAsking(question).catch(this.#host.onError);
      }, LOOK_WHILE_ASKING_MS);
    this.#host.emit({
      kind: 'permission.request',
      data: {
        requestId,
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

  #interrupt(question: Question): void {
    if (this.#host.interrupt()) question.hasInterrupted = true;
  }
}

import { messageOf } from '../../common/errors';
import { runWithNode } from '../../common/processes/nodeProcess';
import { CorralError } from '../../storage/errors';
import type { DraftEvent, RunState } from '../../storage/events';
import type { RunPaths } from '../../storage/paths';
import { nextRunState, signalOf } from '../../storage/runState';
import { OffersKeeper } from '../../storage/store/keptOffers';
import type { Conversation } from '../agents/driver/driver';
import { conversationOf } from '../agents/asideConversation';
import { driverFor } from '../agents/drivers';
import { Git } from '../git/git';
import type { ClaimFile } from '../runnerProtocol/claimFile';
import { atWorktreeTop, type RequestParameters, type RunBootstrap } from '../runnerProtocol/protocol';
import { identityOf } from '../system/identity';
import { AgentOutput } from './agentOutput';
import { AgentProcess, agentEnvironment } from './agentProcess';
import { BudgetWatch } from './budget/budgetWatch';
import { DiskReserve } from './diskReserve';
import { EscapeWatch } from './worktree/escapeWatch';
import { IdleWatch, tasksEvent, waitingEvent } from './idleWatch';
import { OutputLog } from './outputLog';
import { PendingPermissions } from './pendingPermissions';
import type { Recorder } from './recorder';
import type { EndRequest, RunEnd } from './runEnd';
import { END_REASONS, endOfAgent, endWithoutAgent, NO_EXIT, TIME_LIMIT_NOTICE } from './runEnd';
import { acceptsEnd, endRequestOf, type RunPhase } from './runPhase';
import { SnapshotTaker } from './worktree/snapshotTaker';
import { Termination } from './termination';
import { withAttachments } from './worktree/agentAttachments';
import { WorktreeCommands } from './worktree/worktreeCommands';
import { waitedEvent, type PausedFile, type WritePause } from './writePause';

/** One run from its first record to its last: the agent's process, and what people ask of it meanwhile. */
export class AgentRun {
  readonly commands: WorktreeCommands;
  readonly budget: BudgetWatch;
  readonly #run: RunPaths;
  readonly #bootstrap: RunBootstrap;
  readonly #claimFile: ClaimFile;
  readonly #recorder: Recorder;
  readonly #pause: WritePause;
  readonly #permissions = new PendingPermissions();
  readonly #reserve: DiskReserve;
  readonly #snapshots: SnapshotTaker | undefined;
  readonly #escapes: EscapeWatch | undefined;
  readonly #offers: OffersKeeper;
  #phase: RunPhase = { name: 'active' };
  #state: RunState = 'queued';
  #log: OutputLog | undefined;
  #agent: AgentProcess | undefined;
  #idleWatch: IdleWatch | undefined;
  /** Undefined before the agent is started, and after its end. */
  #conversation: Conversation | undefined;
  #markStarted = (): void => undefined;
  /** Settles when the conversation has begun, or never will. */
  readonly #started = new Promise<void>((fulfil) => (this.#markStarted = fulfil));
  /** Ends the process that runs now: the agent, or a command before it. */
  #termination: Termination | undefined;

  constructor(run: RunPaths, bootstrap: RunBootstrap, claimFile: ClaimFile, recorder: Recorder, pause: WritePause) {
    this.#run = run;
    this.#bootstrap = bootstrap;
    this.#claimFile = claimFile;
    this.#recorder = recorder;
    this.#pause = pause;
    this.#reserve = new DiskReserve(run.reserve);
    this.#offers = new OffersKeeper(bootstrap);
    this.commands = new WorktreeCommands({
      bootstrap,
      claimFile,
      recorder,
      reserve: this.#reserve,
      serverLog: run.serverLog,
      emit: this.#emit,
      isOver: () => this.#phase.name === 'over',
      endRequest: () => endRequestOf(this.#phase),
      onTermination: (termination) => this.#setTermination(termination),
    });
    this.budget = new BudgetWatch(bootstrap, {
      emit: this.#emit,
      state: () => this.#state,
      interrupt: () => this.#conversation?.interrupt() === true,
      say: (text) => this.#conversation?.send(text),
      rest: () => this.#idleWatch?.rest(),
      stop: () => this.requestEnd('stop'),
      onError: (error) => this.recordError(error),
    });
    if (bootstrap.worktree === undefined) return;
    const git = new Git(runWithNode);
    this.#snapshots = new SnapshotTaker(git, atWorktreeTop(bootstrap), bootstrap.worktree, this.#emit);
    this.#escapes = new EscapeWatch(git, bootstrap, bootstrap.worktree.repository, this.#emit);
  }

  /** Runs the agent to its end. Settles when the last record is synced and every process to be ended has ended. */
  async complete(): Promise<void> {
    const { ordinal, agent, driver, argv, cwd, environment } = this.#bootstrap;
    this.#emit({ kind: 'run.started', data: { ordinal, agent, driver, argv, cwd, environment } });
    for (const text of this.#bootstrap.notices ?? []) this.#emit({ kind: 'message', data: { role: 'system', text } });
    let end: RunEnd;
    try {
      await this.#recorder.acknowledged();
      await this.#reserve.take();
      end = await this.#runToEnd();
    } catch (error) {
      this.recordError(error);
      this.#termination?.kill();
      await this.#termination?.settled;
      const reason = `The background process of this run failed: ${messageOf(error)}`;
      end = { ...NO_EXIT, outcome: 'crashed', reason };
    }
    this.#idleWatch?.end();
    await this.budget.finish();
    await this.#escapes?.finish(endRequestOf(this.#phase) === 'shutdown');
    await this.#snapshots?.finish(endRequestOf(this.#phase) === 'shutdown');
    await this.#reserve.release();
    await this.#offers.written;
    this.#emit({ kind: 'run.exited', data: end });
    this.#enter({ name: 'over' });
    this.#markStarted();
    await this.#recorder.synced();
  }

  /** Compresses the agent's raw output. After `complete`, since it can take long. */
  async finishLog(): Promise<void> {
    await this.#log?.finish();
  }

  /** The conversation with the agent, once that is started. Throws NOT_RUNNING. */
  async conversation(): Promise<Conversation> {
    await this.#started;
    if (this.#conversation === undefined || this.#phase.name === 'over')
      throw new CorralError('NOT_RUNNING', 'The agent is not running');
    return this.#conversation;
  }

  /** False where the agent hears nothing more, or where its end was asked for. */
  get takesMessages(): boolean {
    return this.#agent?.isInputOpen === true && endRequestOf(this.#phase) === undefined;
  }

  /**
   * Answers a question of the agent, or about the budget, once the answer is synced.
   * @throws CorralError NOT_RUNNING; also as `PendingPermissions.decide`
   */
  async answerPermission(answer: RequestParameters<'answerPermission'>): Promise<void> {
    const isAboutBudget = this.budget.asks(answer.requestId);
    const conversation = isAboutBudget ? undefined : await this.conversation();
    const decided = this.budget.withStep(this.#permissions.decide(answer));
    this.#emit({ kind: 'permission.answer', data: decided });
    await this.#recorder.synced();
    if (isAboutBudget) await this.budget.answered(decided.outcome === 'allowed');
    conversation?.answerPermission(answer.requestId, answer.optionId, answer);
  }

  /** Begins to end the agent. */
  requestEnd(request: EndRequest): void {
    if (!acceptsEnd(this.#phase, request)) return;
    this.#emit({ kind: 'status', data: { from: this.#state, to: 'stopping', reason: END_REASONS[request] } });
    this.#enter({ name: 'ending', cause: request });
    this.budget.end();
    this.#terminate(request);
  }

  /** The scheduler is about to end this job, so that what was done so far is kept now. */
  noteTimeLimit(): void {
    this.#emit({ kind: 'message', data: { role: 'system', text: TIME_LIMIT_NOTICE } });
    this.#snapshots?.takeNow('Before the time limit');
  }

  /** Ends the agent without a record, since the run's files are gone. */
  async abandon(): Promise<void> {
    this.#enter({ name: 'ending', cause: 'kill' });
    this.#termination?.kill();
    await this.#termination?.settled;
  }

  /** Records an error of the runner itself. */
  recordError(error: unknown): void {
    const message = `The background process of this run met an error: ${messageOf(error)}`;
    this.#emit({ kind: 'error', data: { message, code: 'RUNNER' } });
  }

  /** `error` is why the file cannot be written; undefined when it can again. */
  setPaused(file: PausedFile, error: unknown): void {
    const ended = this.#pause.set(file, error);
    if (ended !== undefined) this.#emit(waitedEvent(this.#state, ended));
  }

  readonly setWaitingFor = (count: number): void => this.#emit(waitingEvent(this.#state, count));

  async #runToEnd(): Promise<RunEnd> {
    const { argv, cwd, driver, setup, teardownLimitMs } = this.#bootstrap;
    if (teardownLimitMs !== undefined) return await this.commands.tearDown(teardownLimitMs);
    const conversation = conversationOf(await driverFor(driver), await withAttachments(this.#bootstrap), {
      emit: this.#emit,
      write: (data) => this.#agent?.write(data),
      closeInput: () => this.#agent?.closeInput(),
      offer: (told) => this.#offers.take(told),
      usedInTurn: (usage) => this.budget.usedInTurn(usage),
    });
    const log = (this.#log = await OutputLog.open(this.#run.output, {
      onPaused: (error) => this.setPaused('output', error),
      onFailed: (reason) => this.recordError(new Error(`output.log ends early: ${reason}`)),
    }));
    const setupFailure = await this.commands.run('setup', setup);
    if (setupFailure !== undefined) return { ...NO_EXIT, outcome: 'failed', reason: setupFailure };
    await this.budget.admit();
    const request = endRequestOf(this.#phase);
    if (request !== undefined) return endWithoutAgent(conversation, request, undefined);
    const [program = '', ...parameters] = argv;
    const variables = agentEnvironment(process.env, this.#bootstrap);
    try {
      this.#agent = await AgentProcess.spawn([program, ...parameters], cwd, variables);
    } catch (error) {
      return endWithoutAgent(conversation, endRequestOf(this.#phase), messageOf(error));
    }
    await this.#register(this.#agent);
    return await this.#converse(this.#agent, conversation, log);
  }

  /** Records who the agent is, so that this process, or another one after its death, can end it. */
  async #register(agent: AgentProcess): Promise<void> {
    const { runId, stopGraceMs } = this.#bootstrap;
    // Undefined where the agent has ended already: then nothing has to find it again.
    const identity = await identityOf(agent.pid).catch(() => undefined);
    if (identity !== undefined) await this.#claimFile.addAgent(identity);
    this.#setTermination(new Termination(agent, { runId, agent: identity }, stopGraceMs));
  }

  async #converse(agent: AgentProcess, conversation: Conversation, log: OutputLog): Promise<RunEnd> {
    this.#conversation = conversation;
    this.#idleWatch = new IdleWatch(agent, conversation, {
      onTasksChanged: (count) => this.#emit(tasksEvent(this.#state, count)),
      onIdle: () => this.#endIdle(),
      isHeld: () => this.budget.isAsking,
    });
    conversation.start();
    this.#markStarted();
    void agent.exited.then(async () => await this.#reserve.releaseForOutput());
    const output = new AgentOutput({
      conversation,
      log,
      emit: this.#emit,
      onDriverError: (error) => this.recordError(error),
      onChunk: () => this.#idleWatch?.outputRead(),
      recorder: this.#recorder,
    });
    await output.read(agent);
    const exit = await agent.exited;
    // An agent that a signal killed could not end its tools. Those left after an ordinary end may be meant to stay.
    if (exit.signal !== null) this.#termination?.kill();
    for (const { pid } of (await this.#termination?.settled) ?? []) {
      const message = `Process ${String(pid)} could not be ended`;
      this.#emit({ kind: 'error', data: { message, code: 'PROCESS_LEFT' } });
    }
    this.#conversation = undefined;
    const cause = this.#phase.name === 'ending' ? this.#phase.cause : undefined;
    return endOfAgent(conversation, exit, cause, output.stderrTail);
  }

  /** A property, since it is passed on as a function. */
  readonly #emit = (event: DraftEvent): void => {
    if (this.#phase.name === 'over') return;
    this.#permissions.observe(event);
    this.#snapshots?.observe(event);
    this.#escapes?.observe(event);
    this.#state = nextRunState(this.#state, signalOf(event, this.#permissions.openCount));
    this.#recorder.append(event);
    this.#idleWatch?.observe(event);
    this.budget.observe(event);
  };

  #endIdle(): void {
    if (this.#phase.name !== 'active') return;
    this.#enter({ name: 'ending', cause: 'idle' });
    this.#termination?.stop(() => false);
  }

  #enter(phase: RunPhase): void {
    if (phase.name !== 'active') this.#idleWatch?.end();
    if (this.#phase.name !== 'over') this.#phase = phase;
  }

  /** From now on requests to end the run end this process, also one that came before. */
  #setTermination(termination: Termination | undefined): void {
    this.#termination = termination;
    const request = endRequestOf(this.#phase);
    if (request !== undefined && termination !== undefined) this.#terminate(request);
  }

  #terminate(request: EndRequest): void {
    if (request === 'kill') this.#termination?.kill();
    else this.#termination?.stop(() => this.#conversation?.interrupt() === true);
  }
}

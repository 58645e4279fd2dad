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
import type { ProcessEntry } from '../system/processTable';
import { AgentOutput } from './agentOutput';
import { AgentProcess, agentEnvironment } from './agentProcess';
import { DiskReserve } from './diskReserve';
import { EscapeWatch } from './worktree/escapeWatch';
import { IdleWatch, tasksEvent, waitingEvent } from './idleWatch';
import { OutputLog } from './outputLog';
import { PendingPermissions } from './pendingPermissions';
import type { Recorder } from './recorder';
import type { EndRequest, RunEnd } from './runEnd';
import { END_REASONS, endOfAgent, endWithoutAgent, NO_EXIT, requestedEnd } from './runEnd';
import { acceptsEnd, endRequestOf, type RunPhase } from './runPhase';
import { SnapshotTaker } from './worktree/snapshotTaker';
import { Termination } from './termination';
import { ServerOutput } from './worktree/serverOutput';
import { withAttachments } from './worktree/agentAttachments';
import { runWorktreeCommand } from './worktree/worktreeCommand';
import { waitedEvent, type PausedFile, type WritePause } from './writePause';

/** One run from its first record to its last: the agent's process, and what people ask of it meanwhile. */
export class AgentRun {
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
  /** Settles when what the setup command left running prints no more. */
  serversEnded = Promise.resolve();
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
   * Answers the agent's permission request once the answer is synced.
   * @throws CorralError NOT_RUNNING; also as `PendingPermissions.decide`
   */
  async answerPermission(answer: RequestParameters<'answerPermission'>): Promise<void> {
    const conversation = await this.conversation();
    this.#emit({ kind: 'permission.answer', data: this.#permissions.decide(answer) });
    await this.#recorder.synced();
    conversation.answerPermission(answer.requestId, answer.optionId, answer);
  }

  /** Begins to end the agent. */
  requestEnd(request: EndRequest): void {
    if (!acceptsEnd(this.#phase, request)) return;
    this.#emit({ kind: 'status', data: { from: this.#state, to: 'stopping', reason: END_REASONS[request] } });
    this.#enter({ name: 'ending', cause: request });
    this.#terminate(request);
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
    if (teardownLimitMs !== undefined) return await this.#tearDown(teardownLimitMs);
    const conversation = conversationOf(await driverFor(driver), await withAttachments(this.#bootstrap), {
      emit: this.#emit,
      write: (data) => this.#agent?.write(data),
      closeInput: () => this.#agent?.closeInput(),
      offer: (told) => this.#offers.take(told),
    });
    const log = (this.#log = await OutputLog.open(this.#run.output, {
      onPaused: (error) => this.setPaused('output', error),
      onFailed: (reason) => this.recordError(new Error(`output.log ends early: ${reason}`)),
    }));
    const setupFailure = await this.#runInWorktree('setup', setup);
    if (setupFailure !== undefined) return { ...NO_EXIT, outcome: 'failed', reason: setupFailure };
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

  async #tearDown(limitMs: number): Promise<RunEnd> {
    const failure = await this.#runInWorktree('teardown', { argv: this.#bootstrap.argv, limitMs });
    const request = endRequestOf(this.#phase);
    if (request !== undefined) return requestedEnd(request);
    return failure === undefined
      ? { ...NO_EXIT, outcome: 'completed', reason: 'The worktree is torn down' }
      : { ...NO_EXIT, outcome: 'failed', reason: failure };
  }

  /** Why the command failed. Undefined where it did not, where there is none, or where the end was asked for. */
  async #runInWorktree(name: 'setup' | 'teardown', command: RunBootstrap['setup']): Promise<string | undefined> {
    if (command === undefined || endRequestOf(this.#phase) !== undefined) return undefined;
    try {
      await runWorktreeCommand(atWorktreeTop(this.#bootstrap), name, command, {
        emit: this.#emit,
        onSpawned: (termination) => this.#setTermination(termination),
        recorder: this.#recorder,
        reserve: this.#reserve,
        servers: {
          output: new ServerOutput(this.#emit, () => this.#phase.name === 'over', this.#run.serverLog),
          onLeft: async (servers, rest) => await this.#keepServers(servers, rest),
        },
      });
    } catch (error) {
      if (endRequestOf(this.#phase) === undefined) return messageOf(error);
    }
    this.#termination = undefined;
    return undefined;
  }

  /** Records what the setup command left running, which lives until the worktree is torn down. */
  async #keepServers(servers: readonly ProcessEntry[], rest: Promise<void>): Promise<void> {
    this.serversEnded = rest;
    const identities = await Promise.all(servers.map(({ pid }) => identityOf(pid).catch(() => undefined)));
    await this.#claimFile.addServers(identities.filter((identity) => identity !== undefined));
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
  #setTermination(termination: Termination): void {
    this.#termination = termination;
    const request = endRequestOf(this.#phase);
    if (request !== undefined) this.#terminate(request);
  }

  #terminate(request: EndRequest): void {
    if (request === 'kill') this.#termination?.kill();
    else this.#termination?.stop(() => this.#conversation?.interrupt() === true);
  }
}

/** One run from its first record to its last: the agent's process, its talk with the driver, and what people ask of it meanwhile. */
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { DraftEvent, RunOutcome, RunState } from '../../storage/events';
import type { RunPaths } from '../../storage/paths';
import type { Conversation } from '../agents/driver/driver';
import { driverFor } from '../agents/drivers';
import { Git } from '../git/git';
import { identityOf } from '../system/identity';
import { AgentProcess, agentEnvironment } from './agentProcess';
import type { ExitStatus } from './agentProcess';
import type { ClaimFile } from '../runnerProtocol/claimFile';
import type { RequestHandlers } from './endpoint';
import { DiskReserve } from './diskReserve';
import { EscapeWatch } from './escapeWatch';
import { LineSplitter } from '../runnerProtocol/lineSplitter';
import type { Line } from '../runnerProtocol/lineSplitter';
import { OutputLog } from './outputLog';
import type { OutputStream } from './outputLog';
import { PendingPermissions } from './pendingPermissions';
import { PROTOCOL_VERSION, REQUEST_SCHEMAS } from '../runnerProtocol/protocol';
import type { RunBootstrap } from '../runnerProtocol/protocol';
import type { Recorder } from './recorder';
import { SnapshotTaker } from './snapshotTaker';
import { Termination } from './termination';
import { runWorktreeCommand } from './worktreeCommand';
import type { WritePause } from './writePause';

const MAX_LINE_BYTES = 64 * 1024 * 1024;
const STDERR_TAIL_BYTES = 2 * 1024;
/** An agent that rests with its input closed this long does not end by itself. */
const IDLE_LIMIT_MS = 30_000;
/** As long as one that is known to stay may still say something. */
const DEAF_IDLE_LIMIT_MS = 1_000;

type RunEnd = ExitStatus & { outcome: RunOutcome; reason: string };

/** Who asked for the end: a person, or the system (a logout, a shutdown). */
type EndRequest = 'stop' | 'kill' | 'shutdown' | undefined;

const NO_EXIT = { exitCode: null, signal: null } as const;
const END_REASONS = {
  stop: 'Stopped by you',
  kill: 'Killed by you',
  shutdown: 'Stopped because the system ended this login or shut down',
} as const;

export class AgentRun {
  readonly #run: RunPaths;
  readonly #bootstrap: RunBootstrap;
  readonly #recorder: Recorder;
  readonly #permissions = new PendingPermissions();
  readonly #claimFile: ClaimFile;
  readonly #snapshots: SnapshotTaker | undefined;
  readonly #escapes: EscapeWatch | undefined;
  readonly #reserve: DiskReserve;
  #log: OutputLog | undefined;
  #agent: AgentProcess | undefined;
  #conversation: Conversation | undefined;
  /** Settles when the agent has begun, or will not. */
  readonly #started: Promise<void>;
  #markStarted = (): void => undefined;
  #termination: Termination | undefined;
  #asked: EndRequest;
  #state: RunState = 'queued';
  #idleTimer: NodeJS.Timeout | undefined;
  /** The last turn is over and the input closed: only the process is still there. */
  #isResting = false;
  #wasEndedIdle = false;
  #isOver = false;
  #stderrTail = Buffer.alloc(0);
  readonly #pause: WritePause;

  constructor(run: RunPaths, bootstrap: RunBootstrap, claimFile: ClaimFile, recorder: Recorder, pause: WritePause) {
    this.#run = run;
    this.#bootstrap = bootstrap;
    this.#claimFile = claimFile;
    this.#recorder = recorder;
    this.#pause = pause;
    this.#reserve = new DiskReserve(run.reserve);
    this.#started = new Promise((fulfil) => (this.#markStarted = fulfil));
    if (bootstrap.worktree === undefined) return;
    const git = new Git();
    this.#snapshots = new SnapshotTaker(git, bootstrap, bootstrap.worktree, this.#emit);
    this.#escapes = new EscapeWatch(git, bootstrap, bootstrap.worktree.repository, this.#emit);
  }

  /** What people may ask. All errors are CorralErrors for them to read. */
  get handlers(): RequestHandlers {
    return {
      ping: () => ({
        protocol: PROTOCOL_VERSION,
        runner: this.#claimFile.claim.runner,
        ...(this.#claimFile.claim.agent === undefined ? {} : { agent: this.#claimFile.claim.agent }),
        lastSeq: this.#recorder.lastSeq,
        journalBytes: this.#recorder.bytes,
        methods: Object.keys(REQUEST_SCHEMAS),
        ...(this.#pause.current === null ? {} : { paused: this.#pause.current }),
      }),
      send: async ({ text }) => {
        const conversation = await this.#requireConversation();
        if (this.#agent?.isInputOpen !== true || this.#asked !== undefined)
          throw new CorralError('NOT_RUNNING', 'The agent takes no more messages in this run');
        conversation.send(text);
        return {};
      },
      answerPermission: async (answer) => {
        const conversation = await this.#requireConversation();
        this.#emit({ kind: 'permission.answer', data: this.#permissions.decide(answer) });
        await this.#recorder.synced();
        conversation.answerPermission(answer.requestId, answer.optionId, answer.message);
        return {};
      },
      interrupt: async () => {
        if (!(await this.#requireConversation()).interrupt())
          throw new CorralError('RUNNER_REFUSED', 'This agent cannot be interrupted. Stop the session instead.');
        return {};
      },
      stop: () => {
        this.requestEnd('stop');
        return {};
      },
      kill: () => {
        this.requestEnd('kill');
        return {};
      },
    };
  }

  /** Runs the agent to its end. When this settles the last record is synced and nothing that was to be ended is left. */
  async complete(): Promise<void> {
    const { ordinal, agent, driver, argv, cwd, environment } = this.#bootstrap;
    this.#emit({ kind: 'run.started', data: { ordinal, agent, driver, argv, cwd, environment } });
    let end: RunEnd;
    try {
      await this.#recorder.acknowledged();
      await this.#reserve.take();
      end = await this.#converse();
    } catch (error) {
      this.recordError(error);
      this.#termination?.kill();
      await this.#termination?.settled;
      end = {
        outcome: 'crashed',
        exitCode: null,
        signal: null,
        reason: `The background process of this run failed: ${messageOf(error)}`,
      };
    }
    clearTimeout(this.#idleTimer);
    await this.#escapes?.finish(this.#asked === 'shutdown');
    await this.#snapshots?.finish(this.#asked === 'shutdown');
    await this.#reserve.release();
    this.#emit({ kind: 'run.exited', data: end });
    this.#isOver = true;
    this.#markStarted();
    await this.#recorder.synced();
  }

  /** Compresses the agent's raw output. After `complete`, since it can take long. */
  async finishLog(): Promise<void> {
    await this.#log?.finish();
  }

  /** Begins to end the agent; `kill` also hurries an end that was asked for politely. */
  requestEnd(asked: 'stop' | 'kill' | 'shutdown'): void {
    if (this.#isOver || (this.#asked !== undefined && (this.#asked === 'kill' || asked !== 'kill'))) return;
    this.#asked = asked;
    this.#emit({ kind: 'status', data: { from: this.#state, to: 'stopping', reason: END_REASONS[asked] } });
    this.#state = 'stopping';
    this.#terminate();
  }

  /** Ends the agent without a record: there is nowhere left to write to. */
  async abandon(): Promise<void> {
    this.#asked = 'kill';
    this.#termination?.kill();
    await this.#termination?.settled;
  }

  /** What went wrong in the runner itself belongs to the run's record. */
  recordError(error: unknown): void {
    this.#emit({
      kind: 'error',
      data: { message: `The background process of this run met an error: ${messageOf(error)}`, code: 'RUNNER' },
    });
  }

  /** `reason` is why the file cannot be written; undefined when it can again. */
  setPaused(file: 'journal' | 'output', reason: string | undefined): void {
    const ended = this.#pause.set(file, reason);
    if (ended === undefined) return;
    this.#emit({
      kind: 'status',
      data: {
        from: this.#state,
        to: this.#state,
        reason: `The agent's output had to wait, for nothing could be written: ${ended.reason}. Nothing was lost.`,
      },
    });
  }

  async #converse(): Promise<RunEnd> {
    if (this.#bootstrap.teardownLimitMs !== undefined) return await this.#tearDown(this.#bootstrap.teardownLimitMs);
    const conversation = (await driverFor(this.#bootstrap.driver)).converse(this.#bootstrap, {
      emit: this.#emit,
      write: (data) => this.#agent?.write(data),
      closeInput: () => this.#agent?.closeInput(),
    });
    const log = (this.#log = await OutputLog.open(this.#run.output, {
      onPaused: (reason) => this.setPaused('output', reason),
      onFailed: (reason) => this.recordError(new Error(`output.log ends early: ${reason}`)),
    }));
    const setupFailure = await this.#runInWorktree('setup', this.#bootstrap.setup);
    if (setupFailure !== undefined) return { ...NO_EXIT, outcome: 'failed', reason: setupFailure };
    const spawned = this.#asked === undefined ? await this.#spawn() : undefined;
    if (!(spawned instanceof AgentProcess)) {
      const spawnError = spawned === undefined ? {} : { spawnError: spawned.message };
      return {
        ...NO_EXIT,
        ...conversation.end({ ...NO_EXIT, asked: this.#askedByPeople, stderrTail: '', ...spawnError }),
      };
    }
    this.#conversation = conversation;
    conversation.start();
    this.#markStarted();
    void spawned.exited.then(async () => await this.#reserve.releaseLastWords());
    await this.#readOutput(spawned, conversation, log);
    const exit = await spawned.exited;
    // Nobody ends the tools of an agent that was shot. What stays after an ordinary end may be meant to.
    if (exit.signal !== null) this.#termination?.kill();
    const survivors = (await this.#termination?.settled) ?? [];
    for (const { pid } of survivors)
      this.#emit({
        kind: 'error',
        data: { message: `Process ${String(pid)} could not be ended`, code: 'PROCESS_LEFT' },
      });
    this.#conversation = undefined;
    return { ...exit, ...this.#judge(conversation, exit) };
  }

  async #tearDown(limitMs: number): Promise<RunEnd> {
    const failure = await this.#runInWorktree('teardown', { argv: this.#bootstrap.argv, limitMs });
    if (this.#asked !== undefined)
      return { ...NO_EXIT, outcome: this.#asked === 'kill' ? 'killed' : 'stopped', reason: END_REASONS[this.#asked] };
    return {
      ...NO_EXIT,
      outcome: failure === undefined ? 'completed' : 'failed',
      reason: failure ?? 'The worktree is torn down',
    };
  }

  /** Why the command failed; undefined where there is none, where it did not, or where the end was asked for meanwhile. */
  async #runInWorktree(name: 'setup' | 'teardown', command: RunBootstrap['setup']): Promise<string | undefined> {
    if (command === undefined || this.#asked !== undefined) return undefined;
    const onSpawned = (termination: Termination): void => {
      this.#termination = termination;
      if (this.#asked !== undefined) this.#terminate();
    };
    try {
      await runWorktreeCommand(this.#bootstrap, name, command, {
        emit: this.#emit,
        onSpawned,
        recorder: this.#recorder,
        reserve: this.#reserve,
      });
    } catch (error) {
      if (this.#askedByPeople === undefined) return messageOf(error);
    }
    this.#termination = undefined;
    return undefined;
  }

  /** The process, or why there is none. */
  async #spawn(): Promise<AgentProcess | Error> {
    const { argv, cwd, runId } = this.#bootstrap;
    const [program = '', ...parameters] = argv;
    let agent: AgentProcess;
    try {
      agent = await AgentProcess.spawn([program, ...parameters], cwd, agentEnvironment(process.env, this.#bootstrap));
    } catch (error) {
      return new Error(messageOf(error), { cause: error });
    }
    this.#agent = agent;
    // Undefined where it has ended already: then there is nobody to find again.
    const identity = await identityOf(agent.pid).catch(() => undefined);
    if (identity !== undefined) await this.#claimFile.addAgent(identity);
    this.#termination = new Termination(agent, { runId, agent: identity }, this.#bootstrap.stopGraceMs);
    if (this.#asked !== undefined) this.#terminate();
    return agent;
  }

  async #readOutput(agent: AgentProcess, conversation: Conversation, log: OutputLog): Promise<void> {
    const splitters = { stdout: new LineSplitter(MAX_LINE_BYTES), stderr: new LineSplitter(MAX_LINE_BYTES) };
    await agent.readOutput(async (stream, chunk) => {
      const logged = log.append(stream, chunk);
      if (stream === 'stderr') this.#stderrTail = Buffer.concat([this.#stderrTail, chunk]).subarray(-STDERR_TAIL_BYTES);
      for (const line of splitters[stream].push(chunk)) this.#readLine(conversation, stream, line);
      if (this.#isResting) this.#waitForExit();
      await logged;
      // The agent goes on only when its events are safe. It is also what stops it while the disk is full.
      await this.#recorder.acknowledged();
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      const line = splitters[stream].end();
      if (line !== undefined) this.#readLine(conversation, stream, line);
    }
  }

  #readLine(conversation: Conversation, stream: OutputStream, { bytes, isCut }: Line): void {
    const text = bytes.toString('utf8');
    try {
      if (!isCut) {
        conversation.readLine(stream, text);
        return;
      }
    } catch (error) {
      this.recordError(error); // a driver's fault; its line is kept all the same
    }
    this.#emit({ kind: 'output', data: { stream, text } });
  }

  /** A value of its own, since it is handed on to whoever has something to tell. */
  readonly #emit = (event: DraftEvent): void => {
    if (this.#isOver) return;
    this.#permissions.observe(event);
    this.#snapshots?.observe(event);
    this.#escapes?.observe(event);
    if (this.#state !== 'stopping')
      this.#state = event.kind === 'run.started' ? 'starting' : this.#permissions.hasOpen ? 'waiting' : 'running';
    this.#recorder.append(event);
    if (event.kind === 'turn.started') {
      this.#isResting = false;
      clearTimeout(this.#idleTimer);
    }
    // Not at once: the driver has not finished with the line that ended the turn, and may start the next one in it.
    if (event.kind === 'turn.ended') setImmediate(() => this.#rest());
  };

  /** A turn is over: without another message waiting, the agent may go. */
  #rest(): void {
    if (this.#agent?.isRunning !== true || this.#asked !== undefined || this.#conversation?.hasQueued() !== false)
      return;
    this.#agent.closeInput();
    this.#isResting = true;
    this.#waitForExit();
  }

  #waitForExit(): void {
    clearTimeout(this.#idleTimer);
    const limitMs = this.#conversation?.ignoresEndOfInput === true ? DEAF_IDLE_LIMIT_MS : IDLE_LIMIT_MS;
    this.#idleTimer = setTimeout(() => {
      if (this.#asked !== undefined || this.#agent?.isRunning !== true) return;
      this.#wasEndedIdle = true;
      this.#termination?.stop(() => false);
    }, limitMs);
  }

  #terminate(): void {
    if (this.#asked === 'kill') this.#termination?.kill();
    else this.#termination?.stop(() => this.#conversation?.interrupt() === true);
  }

  #judge(conversation: Conversation, exit: ExitStatus): { outcome: RunOutcome; reason: string } {
    const stderrTail = this.#stderrTail.toString('utf8');
    if (this.#asked === undefined && this.#wasEndedIdle) {
      // That it went by our signal says nothing of its work: its last turn decides.
      return conversation.end({ exitCode: 0, signal: null, asked: undefined, stderrTail });
    }
    const ending = conversation.end({ ...exit, asked: this.#askedByPeople, stderrTail });
    return this.#asked === 'shutdown' ? { outcome: 'interrupted', reason: END_REASONS.shutdown } : ending;
  }

  get #askedByPeople(): 'stop' | 'kill' | undefined {
    return this.#asked === 'shutdown' ? 'stop' : this.#asked;
  }

  async #requireConversation(): Promise<Conversation> {
    await this.#started;
    if (this.#conversation === undefined || this.#isOver)
      throw new CorralError('NOT_RUNNING', 'The agent is not running');
    return this.#conversation;
  }
}

import * as l10n from '@vscode/l10n';
import { CorralError, isHostError } from '../../storage/errors';
import type { RunFacts } from '../../storage/sessionFacts';
import type { ConversationEntry } from '../../storage/timelineQueries';
import { currentRun, isOpen, isQueued, speaksAgain } from '../../storage/sessionState';
import type { AttachmentReference } from '../../storage/attachments';
import { discardAttachments, type NewAttachment, stageAttachments } from '../../storage/journal/attachmentFiles';
import type { PermissionAnswer } from '../api';
import type { Asides } from './asides/asides';
import { killRun } from './killRun';
import type { Queue } from './queue/queue';
import type { RemoteRuns } from './remote/remoteRuns';
import type { RunnerConnections } from './runnerConnections';
import { cancelRun, requestEnd } from './closeRun';
import { queueRun, type RunRequest, type RunStarterOptions } from './runStarter';
import type { RunWatcher } from './runWatcher';
import { requireStopped } from '../sessions/sessionErrors';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionStore } from '../sessions/sessionStore';
import { terminalCommand, type TerminalCommand } from './terminalCommand';
import { nextRequest } from './prompts/nextRequest';
import { tearDownWorktree } from './worktree/tearDown';

/** Added to the grace of a stop: signals, the last output and the journal take time on a busy machine. */
const END_LIMIT_MS = 60_000;
/** For a runner to say that it ends its agent. */
const TELL_LIMIT_MS = 5_000;
/** For a kill that its runner was told: it also takes a last snapshot. */
const KILL_LIMIT_MS = 45_000;
const LAST_RECORD_LIMIT_MS = 2_000;

export interface RunControlOptions extends RunStarterOptions {
  store: SessionStore;
  model: SessionModel;
  connections: RunnerConnections;
  remoteRuns: RemoteRuns;
  watcher: RunWatcher;
  queue: Queue;
  asides: Asides;
}

/** What people can ask of a session's run. The effect is seen only in new records. */
export class RunControl {
  readonly #options: RunControlOptions;

  constructor(options: RunControlOptions) {
    this.#options = options;
  }

  /**
   * Puts the session's next run into the queue. `resumes` is the native session to continue.
   * @throws CorralError as `queueRun`
   */
  async enqueue(id: string, request: Omit<RunRequest, 'sessionId'>): Promise<void> {
    const facts = this.#options.model.facts(id);
    if (facts.host === undefined) await queueRun(this.#options, facts, { sessionId: id, ...request });
    else await this.#options.remoteRuns.queue(facts, { sessionId: id, ...request });
  }

  /**
   * Resolves when the queued run is started, or has to wait.
   * @throws CorralError RUNNER_START_FAILED
   */
  async startQueued(id: string): Promise<void> {
    const { queue, remoteRuns, store, model } = this.#options;
    const waiting = currentRun(model.facts(id));
    await queue.dispatch();
    if (waiting !== undefined) await remoteRuns.begun(waiting.runId);
    await store.sync(id);
    const run = currentRun(model.facts(id));
    if (run?.closed?.outcome === 'failed' && run.startedAt === undefined)
      throw new CorralError('RUNNER_START_FAILED', run.closed.evidence);
  }

  /** `attachments` are staged, and go with `text`. */
  async resume(id: string, text?: string, attachments?: readonly AttachmentReference[]): Promise<void> {
    const open = await this.openRun(id);
    if (open !== undefined && !speaksAgain(open))
      throw new CorralError('RUNNING', l10n.t('This session is already running.'));
    if (this.#options.model.facts(id).host === undefined) this.#options.queue.expectRun();
    if (open !== undefined) await this.kill(id);
    const facts = this.#options.model.facts(id);
    const conversation = async (): Promise<ConversationEntry[]> =>
      await this.#options.store.index.query(id, 'conversation', {});
    await this.enqueue(id, await nextRequest(facts, conversation, text, attachments));
    await this.startQueued(id);
  }

  /**
   * Goes on with another agent, in a new run. `prompt` tells it the story so far.
   * @throws CorralError RUNNING, INVALID_ARGUMENT; also as `queueRun`
   */
  async handOver(id: string, agent: string, model: string | undefined, prompt: string): Promise<void> {
    requireStopped(await this.openRun(id));
    await this.enqueue(id, { prompt, handOver: { agent, ...(model === undefined ? {} : { model }) } });
    await this.startQueued(id);
  }

  /** Sends the text as the next turn of a live run, or starts a run that continues the last one with it. */
  async send(id: string, text: string, files: readonly NewAttachment[] = []): Promise<void> {
    const run = await this.openRun(id);
    if (run !== undefined && isQueued(run))
      throw new CorralError(
        'NOT_RUNNING',
        l10n.t('This session is still waiting in the queue. Start it now, or wait until it has started.'),
      );
    const session = this.#options.store.paths.session(id);
    const attachments = await stageAttachments(session, files);
    try {
      if (run !== undefined && (await this.#tellMessage(id, run.runId, text, attachments))) return;
      await this.resume(id, text, attachments);
    } catch (error) {
      await discardAttachments(session, attachments);
      throw error;
    }
  }

  /** False where the run had just finished, so that the message goes to the next one. */
  async #tellMessage(id: string, runId: string, text: string, attachments: AttachmentReference[]): Promise<boolean> {
    const { connections, model, remoteRuns, watcher } = this.#options;
    await watcher.connect(id, runId);
    try {
      if (attachments.length === 0) await connections.request(runId, 'send', { text });
      else {
        await remoteRuns.carryAttachments(model.facts(id), attachments);
        await connections.request(runId, 'sendAttached', { text, attachments });
      }
      return true;
    } catch (error) {
      if (!(error instanceof CorralError) || error.code !== 'NOT_RUNNING') throw error;
      await this.#untilEnded(id, runId);
      return false;
    }
  }

  async answerPermission(
    id: string,
    requestId: string,
    { runId: askedBy, ...answer }: PermissionAnswer,
  ): Promise<void> {
    const { connections, store, watcher } = this.#options;
    const { runId } = await this.#requireOpenRun(id);
    if (askedBy !== undefined && askedBy !== runId)
      throw new CorralError('ALREADY_ANSWERED', l10n.t('The run that asked this has ended.'));
    await watcher.connect(id, runId);
    await connections.request(runId, 'answerPermission', { requestId, ...answer });
    await store.sync(id);
  }

  async interrupt(id: string): Promise<void> {
    const { runId } = await this.#requireOpenRun(id);
    await this.#options.watcher.connect(id, runId);
    await this.#options.connections.request(runId, 'interrupt', {});
  }

  /** Resolves when the run has ended. Ends its processes where its runner does not answer. */
  async stop(id: string): Promise<void> {
    await this.#end(id, 'stop');
  }

  /** Resolves when the run has ended. Works for a runner that does not answer, or hangs, too. */
  async kill(id: string): Promise<void> {
    await this.#end(id, 'kill');
  }

  async #end(id: string, method: 'stop' | 'kill'): Promise<void> {
    const run = await this.#requireOpenRun(id);
    const { runId } = run;
    try {
      await this.reach(id);
    } catch (error) {
      if (!isQueued(run) || !isHostError(error)) throw error;
      await this.stopLater(id, method === 'kill');
      return;
    }
    await requestEnd(this.#options.store, { sessionId: id, runId }, method === 'kill');
    if (await this.#cancelQueued(id)) return;
    const graceMs = method === 'kill' ? 0 : this.#options.settings().stopGraceMs;
    if (await this.#tell(id, runId, method)) {
      // One that answers has records to write, for which it may wait: its processes are not killed for being slow.
      const waits = method === 'stop' || this.#options.model.live(id).paused !== undefined;
      if (waits) await this.#untilEnded(id, runId);
      if (waits || (await this.#endsWithin(id, runId, KILL_LIMIT_MS))) return;
    }
    await this.#endProcesses(id, runId, graceMs);
    await this.#untilEnded(id, runId);
  }

  /** Of a run whose host is away: it ends once that is back, and at once where it was never sent there. */
  async stopLater(id: string, force = false): Promise<void> {
    const { store, queue } = this.#options;
    const { runId } = await this.#requireOpenRun(id);
    await requestEnd(store, { sessionId: id, runId }, force);
    await queue.withdraw(id, runId);
  }

  /** Tells the runner, over a new connection where the first one is silent. False where none is answered. */
  async #tell(id: string, runId: string, method: 'stop' | 'kill'): Promise<boolean> {
    const { connections, watcher } = this.#options;
    for (const isLast of [false, true]) {
      try {
        await connections.request(runId, method, {}, TELL_LIMIT_MS);
        return true;
      } catch (error) {
        if (!isSilence(error)) throw error;
      }
      if (isLast) break;
      await watcher.check(id, runId); // connects again where the runner is there
      if (this.#options.model.facts(id).runs.every((run) => run.runId !== runId || !isOpen(run))) return true;
    }
    return false;
  }

  async #endProcesses(id: string, runId: string, graceMs: number): Promise<void> {
    const { store, model, remoteRuns, watcher } = this.#options;
    const facts = model.facts(id);
    try {
      if (facts.host === undefined) await killRun(store.paths.session(id).run(runId), runId, graceMs);
      else await remoteRuns.end(facts, runId, graceMs);
    } catch (error) {
      // Its runner may be out of sight and still record the end of an agent that is in sight.
      if (!(await this.#endsWithin(id, runId, LAST_RECORD_LIMIT_MS))) throw error;
    }
    await watcher.check(id, runId);
  }

  /** Connects to the session's host, where it works on another one. @throws CorralError HOST_… where that fails */
  async reach(id: string): Promise<void> {
    await this.#options.remoteRuns.reach(this.#options.model.facts(id));
  }

  /** Tears the session's worktree down, as `tearDownWorktree`. Whoever only reads in it is ended first. */
  async tearDown(id: string): Promise<void> {
    await this.#options.asides.cancelAll(id);
    await tearDownWorktree(this.#options, id);
  }

  /**
   * What a terminal runs to continue the session in the agent's own program.
   * @throws CorralError RUNNING, since two programs would write to one native session; also as `terminalCommand`
   */
  async terminalCommand(id: string): Promise<TerminalCommand> {
    requireStopped(await this.openRun(id));
    return await terminalCommand(this.#options, this.#options.model.facts(id));
  }

  /** The session's open run, once start-up has found out what became of it. */
  async openRun(id: string): Promise<RunFacts | undefined> {
    const { model } = this.#options;
    const sentence = l10n.t('Corral is still checking what became of this session. Try again in a moment.');
    await model.until(id, (_facts, live) => !live.checking, END_LIMIT_MS, sentence);
    const run = currentRun(model.facts(id));
    return run !== undefined && isOpen(run) ? run : undefined;
  }

  async #requireOpenRun(id: string): Promise<RunFacts> {
    const run = await this.openRun(id);
    if (run === undefined) throw new CorralError('NOT_RUNNING', l10n.t('This session is not running.'));
    return run;
  }

  /** True where the run still waited in the queue, and was taken out of it. */
  async #cancelQueued(id: string): Promise<boolean> {
    const { store, model, remoteRuns, watcher } = this.#options;
    const facts = model.facts(id);
    const run = currentRun(facts);
    if (run === undefined || !isQueued(run)) return false;
    const cancel = facts.host === undefined ? cancelRun(store, facts, run) : remoteRuns.cancel(facts, run);
    if (await cancel) return true;
    await watcher.check(id, run.runId); // another window has started it, so this one has to connect to it
    return false;
  }

  async #untilEnded(
    id: string,
    runId: string,
    limitMs = this.#options.settings().stopGraceMs + END_LIMIT_MS,
  ): Promise<void> {
    await this.#options.model.until(
      id,
      (facts) => facts.runs.every((run) => run.runId !== runId || !isOpen(run)),
      limitMs,
      l10n.t('The agent has not ended yet. Wait a little longer, or use “Kill Session”.'),
    );
  }

  async #endsWithin(id: string, runId: string, limitMs: number): Promise<boolean> {
    return await this.#untilEnded(id, runId, limitMs).then(
      () => true,
      (error: unknown) => {
        if (!isSilence(error)) throw error;
        return false;
      },
    );
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof CorralError && (error.code === 'TIMEOUT' || error.code === 'RUNNER_UNREACHABLE');
}

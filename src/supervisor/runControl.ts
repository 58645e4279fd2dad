import { CorralError } from '../storage/errors';
import type { RunFacts } from '../storage/sessionFacts';
import { currentRun, isOpen } from '../storage/sessionFacts';
import { killRun } from './killing';
import type { RunLinks } from './runLinks';
import type { RunStarterOptions } from './runStarter';
import { startRun } from './runStarter';
import type { RunWatcher } from './runWatcher';
import type { SessionModel } from './sessionModel';
import type { SessionStore } from './sessionStore';
import { nativeSession } from './summary';
import type { TerminalCommand } from './terminalCommand';
import { terminalCommand } from './terminalCommand';

/** Beyond the polite wait: the time that signals, the last output and the journal may take on a busy machine. */
const END_LIMIT_MS = 60_000;

export interface RunControlOptions extends RunStarterOptions {
  store: SessionStore;
  model: SessionModel;
  links: RunLinks;
  watcher: RunWatcher;
}

/** All that people can ask of a session's run. What comes of it is seen only as new records. */
export class RunControl {
  readonly #options: RunControlOptions;

  constructor(options: RunControlOptions) {
    this.#options = options;
  }

  /** Starts the session's next run; `resumes` is the native session to continue. Throws RUNNING, AGENT_NOT_FOUND, RUNNER_START_FAILED, … */
  async start(id: string, prompt: string, resumes?: string): Promise<void> {
    const { store, model, links, watcher } = this.#options;
    const request = { sessionId: id, prompt, ...(resumes === undefined ? {} : { resumes }) };
    const { bootstrap, claim } = await startRun(this.#options, model.facts(id), request);
    // An agent can end faster than this window connects; then a look finds out how.
    if (claim.state === 'claimed') await links.connect(bootstrap, claim).catch(() => watcher.look(id, bootstrap.runId));
    await store.sync(id);
  }

  async resume(id: string, text?: string): Promise<void> {
    if ((await this.openRun(id)) !== undefined) throw new CorralError('RUNNING', 'This session is running already.');
    const facts = this.#options.model.facts(id);
    const native = nativeSession(facts)?.nativeSessionId;
    const prompt = text ?? (native === undefined ? (currentRun(facts)?.prompt ?? facts.prompt) : 'Please go on where you were cut off.');
    await this.start(id, prompt, native);
  }

  /** The next turn of a live run, or a new run that goes on where the last one ended. */
  async send(id: string, text: string): Promise<void> {
    const run = await this.openRun(id);
    if (run !== undefined) {
      try {
        await this.#options.links.request(run.runId, 'send', { text });
        return;
      } catch (error) {
        // It had just finished: then the message is the next run's.
        if (!(error instanceof CorralError) || error.code !== 'NOT_RUNNING') throw error;
        await this.#untilEnded(id, run.runId);
      }
    }
    await this.resume(id, text);
  }

  async answerPermission(id: string, requestId: string, answer: { optionId: string; message?: string }): Promise<void> {
    const { links, store } = this.#options;
    const { runId } = await this.#requireOpenRun(id);
    await links.request(runId, 'answerPermission', { requestId, ...answer });
    await store.sync(id);
  }

  async interrupt(id: string): Promise<void> {
    await this.#options.links.request((await this.#requireOpenRun(id)).runId, 'interrupt', {});
  }

  /** Resolves when the run has ended. */
  async stop(id: string): Promise<void> {
    const { runId } = await this.#requireOpenRun(id);
    await this.#requestEnd(id, runId, false);
    await this.#options.links.request(runId, 'stop', {});
    await this.#untilEnded(id, runId);
  }

  /** Resolves when the run has ended; works for a runner that does not answer too. */
  async kill(id: string): Promise<void> {
    const { links, store, watcher } = this.#options;
    const { runId } = await this.#requireOpenRun(id);
    await this.#requestEnd(id, runId, true);
    if (links.has(runId)) await links.request(runId, 'kill', {});
    else await killRun(store.paths.session(id).run(runId), runId);
    await watcher.look(id, runId);
    await this.#untilEnded(id, runId);
  }

  /** What a terminal runs to go on with the session by its agent's own means. Throws RUNNING: two would write to one native session. */
  async terminalCommand(id: string): Promise<TerminalCommand> {
    if ((await this.openRun(id)) !== undefined) throw new CorralError('RUNNING', 'This session is running. Stop it first.');
    return await terminalCommand(this.#options, this.#options.model.facts(id));
  }

  /** The session's open run, once it is certain what became of it. */
  async openRun(id: string): Promise<RunFacts | undefined> {
    const { model } = this.#options;
    const sentence = 'It is still being found out what became of this session. Try again in a moment.';
    await model.until(id, (_facts, live) => !live.checking, END_LIMIT_MS, sentence);
    const run = currentRun(model.facts(id));
    return run !== undefined && isOpen(run) ? run : undefined;
  }

  async #requireOpenRun(id: string): Promise<RunFacts> {
    const run = await this.openRun(id);
    if (run === undefined) throw new CorralError('NOT_RUNNING', 'This session is not running.');
    return run;
  }

  /** Recorded before the runner is told, so that the reason of the end survives whatever comes. */
  async #requestEnd(id: string, runId: string, force: boolean): Promise<void> {
    await this.#options.store.append(id, (facts) => {
      const run = facts.runs.find((each) => each.runId === runId);
      const isNews = run !== undefined && isOpen(run) && (run.stopRequestedAt === undefined || force);
      return isNews ? { kind: 'stop.requested', data: { runId, force } } : undefined;
    });
  }

  async #untilEnded(id: string, runId: string): Promise<void> {
    await this.#options.model.until(
      id,
      (facts) => facts.runs.every((run) => run.runId !== runId || !isOpen(run)),
      this.#options.settings().stopGraceMs + END_LIMIT_MS,
      'The agent has not ended yet. Wait a little longer, or use Kill Session.',
    );
  }
}

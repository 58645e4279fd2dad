import type { Disposable } from '../../../common/disposable';
import { messageOf } from '../../../common/errors';
import type { Log } from '../../../common/log';
import { CorralError } from '../../../storage/errors';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { limitedRun, workingAgent } from '../../../storage/sessionState';
import { accountOf } from '../../agents/agentRegistry';
import type { SessionModel } from '../../sessions/sessionModel';
import { nativeSession } from '../../sessions/summary';
import type { SupervisorSettings } from '../../settings';
import type { RunRequest } from '../runStarter';
import { waitAfter } from './limitWait';

/** Said to agents. */
const CONTINUE_PROMPT = 'continue';

export interface LimitWaitsOptions {
  model: SessionModel;
  settings: () => SupervisorSettings;
  isTrusted: () => boolean;
  log: Log;
  enqueue: (sessionId: string, request: Omit<RunRequest, 'sessionId'>) => Promise<void>;
}

/**
 * Queues the next run of each session that a usage limit ended. Every window does so, and the first one counts; with no
 * window open, the next one finds it.
 */
export class LimitWaits implements Disposable {
  readonly #options: LimitWaitsOptions;
  readonly #tried = new Set<string>();
  #subscription: Disposable | undefined;

  constructor(options: LimitWaitsOptions) {
    this.#options = options;
  }

  /** Call it when every journal is read. */
  enable(): void {
    const { model } = this.#options;
    this.#subscription = model.changed.event(({ sessionIds }) => this.#look(sessionIds));
    this.#look(model.ids());
  }

  dispose(): void {
    this.#subscription?.dispose();
  }

  #look(sessionIds: readonly string[]): void {
    for (const sessionId of sessionIds) {
      const facts = this.#options.model.find(sessionId);
      const run = facts === undefined ? undefined : limitedRun(facts);
      if (facts === undefined || run === undefined || this.#tried.has(run.runId) || !this.#options.isTrusted())
        continue;
      this.#tried.add(run.runId);
      this.#queue(facts, run).catch((error: unknown) => {
        // Another window was quicker, or a person.
        if (error instanceof CorralError && (error.code === 'CONFLICT' || error.code === 'RUNNING')) return;
        this.#options.log.warn(`Session ${sessionId} cannot wait for its usage limit: ${messageOf(error)}`);
      });
    }
  }

  async #queue(facts: SessionFacts, run: NonNullable<ReturnType<typeof limitedRun>>): Promise<void> {
    const { settings, enqueue } = this.#options;
    const waitsFor = waitAfter(run, accountOf(workingAgent(facts).name, settings().agents), Date.now());
    if (waitsFor === undefined) return;
    const resumes = nativeSession(facts)?.nativeSessionId;
    const { prompt, attachments } = run;
    await enqueue(facts.sessionId, {
      ...(resumes === undefined ? { prompt, attachments } : { prompt: CONTINUE_PROMPT, resumes }),
      waitsFor,
      follows: run.runId,
    });
  }
}

import * as l10n from '@vscode/l10n';
import type { Disposable } from '../../../common/disposable';
import { messageOf } from '../../../common/errors';
import type { Log } from '../../../common/log';
import { CorralError } from '../../../storage/errors';
import type { NamedCommand } from '../../../storage/namedCommand';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { currentRun, isQueued, limitedRun, workingAgent } from '../../../storage/sessionState';
import { accountOf } from '../../agents/agentRegistry';
import type { CommandConsents } from '../../lifecycle/commandConsents';
import type { SessionModel } from '../../sessions/sessionModel';
import type { SessionStore } from '../../sessions/sessionStore';
import { nativeSession } from '../../sessions/summary';
import type { SupervisorSettings } from '../../settings';
import type { RunRequest } from '../runStarter';
import { waitAfter } from './limitWait';

/** Said to agents. */
const CONTINUE_PROMPT = 'continue';

type LimitedRun = NonNullable<ReturnType<typeof limitedRun>>;

export interface LimitWaitsOptions {
  model: SessionModel;
  settings: () => SupervisorSettings;
  isTrusted: () => boolean;
  log: Log;
  store: SessionStore;
  consents: Pick<CommandConsents, 'answer' | 'isAllowed'>;
  handOverPrompt: (sessionId: string) => Promise<string>;
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
        if (!isLate(error)) this.#warn(sessionId, 'wait for its usage limit', error);
      });
    }
  }

  async #queue(facts: SessionFacts, run: LimitedRun): Promise<void> {
    const { settings, enqueue, consents } = this.#options;
    const { agents, onUsageLimit: choice } = settings();
    const { sessionId, repository } = facts;
    const { name } = workingAgent(facts);
    const other = choice === 'wait' || choice === 'ask' || choice === name ? undefined : choice;
    const handOver: NamedCommand | undefined =
      other === undefined ? undefined : { repository, use: 'handOver', command: [other] };
    if (other !== undefined && handOver !== undefined && (await consents.answer(handOver)) === true)
      if (await this.#goOnWith(other, sessionId, run)) return;
    const account = accountOf(name, agents);
    // The agent there may be signed in otherwise.
    const place = facts.host === undefined ? account : `${account} on ${facts.host.name}`;
    const waitsFor = waitAfter(run, place, Date.now());
    if (waitsFor === undefined) return;
    const resumes = nativeSession(facts)?.nativeSessionId;
    const { prompt, attachments } = run;
    await enqueue(sessionId, {
      ...(resumes === undefined ? { prompt, attachments } : { prompt: CONTINUE_PROMPT, resumes }),
      waitsFor: { ...waitsFor, ...(choice === 'ask' ? { asks: true } : {}) },
      follows: run.runId,
    });
    // Only the window that queued it asks.
    if (handOver !== undefined) await consents.isAllowed(sessionId, handOver);
  }

  /** False where that agent cannot be used. */
  async #goOnWith(agent: string, sessionId: string, run: LimitedRun): Promise<boolean> {
    const { enqueue, handOverPrompt } = this.#options;
    try {
      const prompt = await handOverPrompt(sessionId);
      await enqueue(sessionId, { prompt, handOver: { agent }, follows: run.runId });
      return true;
    } catch (error) {
      if (isLate(error)) return true;
      this.#warn(sessionId, `go on with “${agent}”`, error);
      return false;
    }
  }

  #warn(sessionId: string, what: string, error: unknown): void {
    this.#options.log.warn(`Session ${sessionId} cannot ${what}: ${messageOf(error)}`);
  }

  /**
   * A person says that the session is to wait for its usage limit.
   * @throws CorralError CONFLICT where it does not ask
   */
  async accept(sessionId: string): Promise<void> {
    await this.#options.store.append(sessionId, (facts) => {
      const run = currentRun(facts);
      if (run === undefined || !isQueued(run) || run.waitsFor?.asks !== true)
        throw new CorralError('CONFLICT', l10n.t('This session does not ask about a usage limit.'));
      return { kind: 'limit.accepted', data: { runId: run.runId } };
    });
  }
}

/** Another window was quicker, or a person. */
function isLate(error: unknown): boolean {
  return error instanceof CorralError && (error.code === 'CONFLICT' || error.code === 'RUNNING');
}

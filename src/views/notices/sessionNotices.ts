import { setTimeout as delay } from 'node:timers/promises';
import type { Disposable } from '../../common/disposable';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { hasEnded } from '../sessionPredicates';
import { showBudgetNotice } from './budgetNotice';
import { EndNotice } from './endNotice';
import { showLimitNotice } from './limitNotice';
import { isToTell, type NoticeSettings, type Sight } from '../noticeChoice';
import { QuestionNotices } from './questionNotices';
import { showRecoveryNotice } from './recoveryNotice';
import { newsOf, type News } from './sessionNews';

/** A window waits this long for each step of distance, so that a nearer window tells first. */
const PRECEDENCE_MS = 400;
/** A timeline that is in sight shows the end within this time, and the end counts as seen. */
const SEEN_MS = 1_000;

/** What notices need of the supervisor. */
export interface NoticesSource extends Pick<
  CorralApi,
  'getSession' | 'answerPermission' | 'waitForLimit' | 'stop' | 'onDidEndRun' | 'onDidCompleteRecovery'
> {
  /** True for the one window that is to tell of it. */
  claimNotification(id: string, runId: string, name: string): Promise<boolean>;
}

export interface SessionNoticesOptions {
  source: NoticesSource;
  settings: () => NoticeSettings;
  /** How near the session is to this window; the nearest one tells. */
  distance: (session: SessionSummary) => number;
  isUnseen: (session: SessionSummary) => boolean;
  sight: (sessionId: string) => Sight;
  showTimeline: (sessionId: string) => void;
  onError: (doing: string, error: unknown) => void;
}

/** Tells a person once, in one window, what is new of sessions, and what start-up found. The tree says all else. */
export class SessionNotices implements Disposable {
  readonly #options: SessionNoticesOptions;
  readonly #questions: QuestionNotices;
  readonly #end: EndNotice;
  /** What this window has told or left to another one, by run and name. */
  readonly #told = new Set<string>();
  /** By session: its run that ended since the session was last looked at. */
  readonly #ended = new Map<string, string>();
  readonly #subscriptions: Disposable[];

  constructor(options: SessionNoticesOptions) {
    this.#options = options;
    const { source, onError } = options;
    this.#questions = new QuestionNotices(options);
    this.#end = new EndNotice(options);
    this.#subscriptions = [
      this.#end,
      source.onDidEndRun(({ sessionId, runId }) => this.#ended.set(sessionId, runId)),
      source.onDidCompleteRecovery((report) => {
        showRecoveryNotice(report).catch((error: unknown) => onError('notification', error));
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** These sessions may have changed. */
  look(sessions: readonly SessionSummary[]): void {
    const nowMs = Date.now();
    for (const session of sessions) {
      this.#questions.closeAnswered(session);
      for (const news of newsOf(session, nowMs, this.#takeEnd(session))) {
        if (this.#told.has(keyOf(news))) continue;
        this.#told.add(keyOf(news));
        this.#tell(session, news).catch((error: unknown) => this.#options.onError(DOING[news.kind], error));
      }
    }
  }

  /** A person has the session's timeline before them. */
  sessionShown(sessionId: string): void {
    const { isWindowFocused, isTimelineActive } = this.#options.sight(sessionId);
    if (isWindowFocused && isTimelineActive) this.#questions.closeAll(sessionId);
  }

  #takeEnd(session: SessionSummary): string | undefined {
    const runId = this.#ended.get(session.id);
    // A summary may have been read before the run's end.
    if (runId !== undefined && (runId !== session.currentRunId || hasEnded(session))) this.#ended.delete(session.id);
    return runId;
  }

  async #tell(first: SessionSummary, news: News): Promise<void> {
    const { source, settings, distance } = this.#options;
    const { kind, runId, name } = news;
    const choice = settings()[news.choice];
    if (choice === 'never') return;
    if (kind === 'end') await delay(SEEN_MS);
    // Where somebody looks at it, no other window needs to tell it.
    if (!this.#isLookedAt(first, news)) await delay(distance(first) * PRECEDENCE_MS);
    const session = await source.getSession(first.id);
    const isStillNew = newsOf(session, Date.now(), runId).some((each) => each.name === name && each.runId === runId);
    if (!isStillNew)
      this.#told.delete(keyOf(news)); // it can become so again
    else if ((await source.claimNotification(first.id, runId, name)) && !this.#isLookedAt(session, news))
      await this.#show(session, news);
  }

  #isLookedAt(session: SessionSummary, { kind, choice }: News): boolean {
    const { settings, sight, isUnseen } = this.#options;
    return !isToTell(settings()[choice], sight(session.id)) || (kind === 'end' && !isUnseen(session));
  }

  async #show(session: SessionSummary, { kind, name }: News): Promise<void> {
    if (kind === 'question') await this.#questions.show(session, name);
    else if (kind === 'end') this.#end.add(session);
    else if (kind === 'limit') await showLimitNotice(this.#options.source, session);
    else await showBudgetNotice(this.#options, session);
  }
}

function keyOf({ runId, name }: News): string {
  return `${runId} ${name}`;
}

/** What fails where an answer to a notice does. */
const DOING: Readonly<Record<News['kind'], string>> = {
  question: 'answerPermission',
  end: 'notification',
  limit: 'waitForLimit',
  budget: 'notification',
};

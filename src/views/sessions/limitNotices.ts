import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { visibleLine } from '../../common/visibleText';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { COMMANDS } from '../text/contributions';
import { showInformationMessage } from '../text/messages';
import { isToTell, type NoticeSettings, type Sight } from '../noticeChoice';
import { NOTICE_PRECEDENCE_MS } from './notifications';

/** What claims the notice, beside those of the run's questions. */
const LIMIT = 'limit';

export interface LimitNoticesOptions {
  source: Pick<CorralApi, 'getSession' | 'waitForLimit' | 'stop' | 'onDidChangeSessions'> & {
    claimNotification(id: string, runId: string, requestId: string): Promise<boolean>;
  };
  settings: () => NoticeSettings;
  distance: (session: SessionSummary) => number;
  sight: (sessionId: string) => Sight;
  onError: (doing: string, error: unknown) => void;
}

/** Tells, in one window, that a session waits for a usage limit, or asks what it is to do. The row has that as well. */
export class LimitNotices implements vscode.Disposable {
  readonly #options: LimitNoticesOptions;
  /** By run. */
  readonly #shown = new Set<string>();
  readonly #subscription: { dispose(): void };

  constructor(options: LimitNoticesOptions) {
    this.#options = options;
    this.#subscription = options.source.onDidChangeSessions(({ sessionIds }) => {
      for (const id of sessionIds) this.#look(id).catch((error: unknown) => options.onError('waitForLimit', error));
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #look(id: string): Promise<void> {
    const { source, distance, settings, sight } = this.#options;
    const session = await source.getSession(id);
    const { currentRunId: runId, waitsUntil = '' } = session;
    if (runId === undefined || !(Date.parse(waitsUntil) > Date.now()) || this.#shown.has(runId)) return;
    this.#shown.add(runId);
    const isTold = isToTell(settings().limits, sight(id));
    if (isTold) await delay(distance(session) * NOTICE_PRECEDENCE_MS);
    // Where somebody looks at it, no other window needs to tell it.
    if (settings().limits === 'never' || !(await source.claimNotification(id, runId, LIMIT)) || !isTold) return;
    await this.#show(session, new Date(waitsUntil).toLocaleString());
  }

  async #show({ id, title, agent, asksAboutLimit }: SessionSummary, time: string): Promise<void> {
    const { source } = this.#options;
    const named = { title: visibleLine(title).text, agent, time };
    const wait = vscode.l10n.t('Wait');
    const other = vscode.l10n.t('Continue with Another Agent…');
    const stop = vscode.l10n.t('Stop');
    const answer =
      asksAboutLimit === true
        ? await showInformationMessage(
            vscode.l10n.t('“{title}” is at the usage limit of {agent} until {time}.', named),
            ...[wait, other, stop],
          )
        : await showInformationMessage(
            vscode.l10n.t('“{title}” waits for the usage limit of {agent} until {time}, and goes on then.', named),
            other,
          );
    if (answer === wait) await source.waitForLimit(id);
    if (answer === stop) await source.stop(id);
    if (answer === other) await vscode.commands.executeCommand(COMMANDS.continueWithAgent, { kind: 'session', id });
  }
}

/** Another agent was allowed to go on with a session, which still waits. */
export async function goOnAtLimit(
  source: Pick<CorralApi, 'getSession' | 'stop' | 'handOver'>,
  sessionId: string,
  agent: string,
): Promise<void> {
  if ((await source.getSession(sessionId)).waitsUntil === undefined) return;
  await source.stop(sessionId);
  await source.handOver(sessionId, { agent });
}

import * as vscode from 'vscode';
import { visibleLine } from '../../common/visibleText';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { COMMANDS } from '../text/contributions';
import { showInformationMessage } from '../text/messages';

/** Says that a session waits for a usage limit, or asks what it is to do. The row has that as well. */
export async function showLimitNotice(
  source: Pick<CorralApi, 'waitForLimit' | 'stop'>,
  { id, title, agent, asksAboutLimit, waitsUntil = '' }: SessionSummary,
): Promise<void> {
  const named = { title: visibleLine(title).text, agent, time: new Date(waitsUntil).toLocaleString() };
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

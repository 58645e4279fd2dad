import * as v from 'valibot';
import * as vscode from 'vscode';
import { startingPlace } from '../../pickers/repositoryChoice';
import type { CommandName } from '../../text/contributions';
import { copiedText } from '../../text/copiedText';
import { eventLink } from '../../timeline/eventLink';
import { readMoment } from '../../timeline/moment/momentReader';
import { openRawEvent } from '../../timeline/payloadDocuments';
import type { TimelineSource } from '../../timeline/timelineSource';
import type { CommandActions } from '../commandRunner';
import type { SessionStarter } from '../sessionStarter';

export type EventCommandName = Extract<CommandName, 'copyEvent' | 'copyEventLink' | 'openRawEvent' | 'startFromEvent'>;

/** What these commands need of the supervisor. */
export type EventsSource = Pick<TimelineSource, 'getSession' | 'timeline'>;

/** Events of a row that are copied together. */
const MAX_COPIED = 200;

const seq = v.pipe(v.number(), v.integer(), v.minValue(1));
/** What the page of a timeline says of the row or the part of it on which its menu was opened. */
const argumentSchema = v.object({
  sessionId: v.string(),
  runId: v.string(),
  seq,
  /** The events that the row shows, by `seq`. */
  shown: v.exactOptional(v.pipe(v.array(seq), v.minLength(1))),
  /** What is selected in the page. */
  selection: v.exactOptional(v.string()),
});

/** Commands about one event of a timeline. */
export function eventCommands(
  source: EventsSource,
  starter: Pick<SessionStarter, 'start'>,
): CommandActions<EventCommandName> {
  return {
    copyEvent: async (argument) => {
      const { sessionId, runId, selection = '', ...row } = v.parse(argumentSchema, argument);
      await vscode.env.clipboard.writeText(
        selection === ''
          ? await textOf(source, sessionId, runId, (row.shown ?? [row.seq]).slice(0, MAX_COPIED))
          : selection,
      );
    },
    copyEventLink: async (argument) => {
      await vscode.env.clipboard.writeText(eventLink(vscode.env.uriScheme, v.parse(argumentSchema, argument)));
    },
    openRawEvent: async (argument) => await openRawEvent(v.parse(argumentSchema, argument)),
    startFromEvent: async (argument) => {
      const { sessionId, ...place } = v.parse(argumentSchema, argument);
      const session = await source.getSession(sessionId);
      const { title, agent, baseCommit } = session;
      const snapshot = (await readMoment(source, sessionId, place))?.snapshot;
      const label =
        snapshot === undefined
          ? vscode.l10n.t('“{title}”, at its base', { title })
          : vscode.l10n.t('“{title}”, {time}', { title, time: new Date(snapshot.timestamp).toLocaleTimeString() });
      await starter.start(await startingPlace(session), {
        base: { label, revision: snapshot?.commit ?? baseCommit, includeChanges: false },
        agent,
      });
    },
  };
}

/** The texts of the events, one below the other. */
async function textOf(
  source: EventsSource,
  sessionId: string,
  runId: string,
  seqs: readonly number[],
): Promise<string> {
  const timeline = await source.timeline(sessionId);
  const texts: string[] = [];
  for (const each of seqs) texts.push(copiedText(await timeline.wholeEvent(runId, each)));
  return texts.filter((text) => text !== '').join('\n');
}

import '../../shared/page.css'; // before the components' styles, which refine it
import './palette.css';
import * as l10n from '@vscode/l10n';
import { render } from 'preact';
import { useEffect, useReducer, useState } from 'preact/hooks';
import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { visibleText } from '../../../src/common/visibleText';
import { Icon } from '../../shared/icons';
import { EventCard } from '../events/eventCard';
import { eventIcon, eventName } from '../events/eventName';
import '../eventList.css';
import './exportPage.css';
import { EmbeddedHost } from './embeddedHost';

const DATE_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const TIME_OF_DAY = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });
/** What few readers look for. */
const DETAILS: ReadonlySet<TimelineEvent['kind']> = new Set([
  'status',
  'usage',
  'snapshot',
  'agent.session',
  'turn.started',
]);

/** The blocks of events in the page, in order. */
const blocks = [...document.querySelectorAll('script.events')];

/** The session as the timeline shows it, block by block, so that a long one can be read at once. */
function ExportPage({ host }: { host: EmbeddedHost }) {
  const [shownBlocks, setShownBlocks] = useState(1);
  const [hasDetails, setHasDetails] = useState(false);
  const [, repaint] = useReducer((renders: number) => renders + 1, 0);
  useEffect(
    () =>
      host.model.subscribe(() => {
        repaint(undefined);
      }),
    [host],
  );
  useEffect(() => {
    if (shownBlocks >= blocks.length) return;
    const timer = setTimeout(() => {
      setShownBlocks(shownBlocks + 1);
    }, 20);
    return () => {
      clearTimeout(timer);
    };
  }, [shownBlocks]);
  const { session, facts } = host.exported;
  return (
    <div class={hasDetails ? 'exported' : 'exported terse'}>
      <header class="exported-head">
        <h1 dir="auto">{visibleText(session.title)}</h1>
        <dl>
          {facts.map(([name, value]) => (
            <div>
              <dt>{name}</dt>
              <dd dir="auto">{visibleText(value)}</dd>
            </div>
          ))}
        </dl>
        <label class="check">
          <input
            type="checkbox"
            checked={hasDetails}
            onChange={({ currentTarget }) => {
              setHasDetails(currentTarget.checked);
            }}
          />
          {l10n.t('Show Everything')}
        </label>
      </header>
      <main>
        <div class="list" role="feed" aria-label={l10n.t('Events')} aria-busy={shownBlocks < blocks.length}>
          {blocks.slice(0, shownBlocks).map((_, index) => (
            <Block key={index} host={host} events={eventsOf(host, index)} />
          ))}
        </div>
      </main>
    </div>
  );
}

const read = new Map<number, TimelineEvent[]>();

/** The events of a block, which are read once. */
function eventsOf(host: EmbeddedHost, index: number): TimelineEvent[] {
  const known = read.get(index);
  if (known !== undefined) return known;
  const events = host.read(JSON.parse(blocks[index]?.textContent ?? '[]'));
  read.set(index, events);
  return events;
}

function Block({ host, events }: { host: EmbeddedHost; events: readonly TimelineEvent[] }) {
  return (
    <>
      {events.map((event) => (
        <Row key={event.id} host={host} event={event} />
      ))}
    </>
  );
}

function Row({ host: { model }, event }: { host: EmbeddedHost; event: TimelineEvent }) {
  const icon = eventIcon(event);
  const time = new Date(event.timestamp);
  const isNested =
    event.kind === 'tool.call'
      ? event.data.parentCallId !== undefined
      : event.kind === 'tool.result' || (event.kind === 'file.change' && event.data.callId !== undefined);
  const role = event.kind === 'message' ? `role-${event.data.role}` : '';
  const classes = [
    'event',
    `kind-${event.kind.replaceAll('.', '-')}`,
    role,
    isNested ? 'nested' : '',
    DETAILS.has(event.kind) ? 'detail' : '',
  ];
  return (
    <article
      class={classes.filter((each) => each !== '').join(' ')}
      aria-label={`${eventName(event)}, ${TIME_OF_DAY.format(time)}`}
    >
      <div class="gutter">{icon !== undefined && <Icon name={icon} />}</div>
      <div class="content">
        <EventCard model={model} event={event} isLive={false} />
      </div>
      <time class="time" dateTime={event.timestamp} title={DATE_AND_TIME.format(time)}>
        {TIME_OF_DAY.format(time)}
      </time>
    </article>
  );
}

const root = document.getElementById('root');
const data = document.getElementById('session')?.textContent;
if (root === null || data === undefined) throw new Error('The page has no session.');
render(<ExportPage host={new EmbeddedHost(JSON.parse(data))} />, root);

import '../../shared/page.css'; // before the components' styles, which refine it
import './palette.css';
import * as l10n from '@vscode/l10n';
import { render } from 'preact';
import { useEffect, useReducer, useState } from 'preact/hooks';
import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { visibleText } from '../../../src/common/visibleText';
import '../eventList.css';
import { eventLooks, EventParts, EventTime, rowName } from '../eventRow';
import { AsideCard } from '../rows/asideCards';
import './exportPage.css';
import { EmbeddedHost } from './embeddedHost';

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const DATE_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** The blocks of events in the page, in order. */
const blocks = [...document.querySelectorAll('script.events')];

/** The session as the timeline shows it, block by block, so that a long one can be read at once. */
function ExportPage({ host }: { host: EmbeddedHost }) {
  const [shownBlocks, setShownBlocks] = useState(1);
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
  const { session, facts, asides } = host.exported;
  const { rows } = host.model;
  return (
    <div class="exported">
      <header class="exported-head">
        <h1 dir="auto">{visibleText(session.title)}</h1>
        <dl>
          {facts.map(([name, value]) => (
            <div>
              <dt>{name}</dt>
              <dd dir="auto">{ISO_TIME.test(value) ? DATE_AND_TIME.format(new Date(value)) : visibleText(value)}</dd>
            </div>
          ))}
        </dl>
        <label class="check">
          <input
            type="checkbox"
            checked={rows.detail === 'everything'}
            onChange={({ currentTarget }) => {
              rows.setDetail(currentTarget.checked ? 'everything' : 'normal');
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
        {asides.length > 0 && (
          <div class="asides">
            {asides.map((aside) => (
              <AsideCard key={aside.id} model={host.model} aside={aside} />
            ))}
          </div>
        )}
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

/** The rows of a block: the events that are part of another one's row have none. */
function Block({ host: { model }, events }: { host: EmbeddedHost; events: readonly TimelineEvent[] }) {
  return (
    <>
      {events
        .filter((event) => model.events.folds.rowOf(event) === event.seq)
        .map((event) => (
          <article key={event.id} class={`event ${eventLooks(model, event)}`} aria-label={rowName(model, event)}>
            <EventParts model={model} event={event} isLive={false} />
            <EventTime event={event} />
          </article>
        ))}
    </>
  );
}

const root = document.getElementById('root');
const data = document.getElementById('session')?.textContent;
if (root === null || data === undefined) throw new Error('The page has no session.');
render(<ExportPage host={new EmbeddedHost(JSON.parse(data))} />, root);

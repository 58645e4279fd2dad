import '../shared/translations'; // first: other modules may hold sentences
import * as v from 'valibot';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { OVERVIEW_DAYS, overviewHostMessageSchema, overviewStateSchema } from '../../src/protocol/overviewProtocol';
import type { Overview, OverviewPageMessage } from '../../src/protocol/overviewProtocol';
import { LaneChart, UsageChart } from './overviewCharts';
import { LaneTable, UsageTable } from './overviewTables';
import { oneLine, formatNumber, visibleText } from '../shared/plainText';
import { formatTime } from '../shared/times';
import '../shared/page.css';
import './overview.css';

/** Ages and running bars grow also where nothing happens. */
const ASK_EVERY_MS = 10_000;
/** An extension that has not answered for so long is gone. */
const LOST_AFTER_MS = 25_000;

type Days = Overview['days'];
const DAYS_LABELS: Record<Days, string> = { 1: 'Last 24 hours', 7: 'Last 7 days', 30: 'Last 30 days' };

const editor = acquireVsCodeApi();
const post = (message: OverviewPageMessage): void => {
  editor.postMessage(message);
};
const open = (sessionId: string): void => {
  post({ type: 'open', sessionId });
};

function OverviewPage({ firstDays }: { firstDays: Days }) {
  const [days, setDays] = useState(firstDays);
  const [overview, setOverview] = useState<Overview>();
  const [failure, setFailure] = useState<string>();
  const [heardMs, setHeardMs] = useState(Date.now);
  const [nowMs, setNowMs] = useState(Date.now);

  useEffect(() => {
    const onMessage = ({ data }: MessageEvent<unknown>): void => {
      const parsed = v.safeParse(overviewHostMessageSchema, data);
      if (!parsed.success) setFailure(`The extension sent a message that is not valid: ${v.summarize(parsed.issues)}`);
      else if (parsed.output.type === 'failure') setFailure(parsed.output.message);
      else {
        setFailure(undefined);
        setOverview(parsed.output.overview);
      }
      setHeardMs(Date.now());
      setNowMs(Date.now());
    };
    window.addEventListener('message', onMessage);
    return () => {
      window.removeEventListener('message', onMessage);
    };
  }, []);
  useEffect(() => {
    editor.setState({ days });
    const ask = (): void => {
      setNowMs(Date.now());
      post({ type: 'ask', days, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone });
    };
    ask();
    const timer = setInterval(ask, ASK_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [days]);

  const isLost = nowMs - heardMs > LOST_AFTER_MS;
  return (
    <main class="overview">
      <header>
        <h1>Overview</h1>
        <select
          aria-label="Time"
          value={days}
          onChange={({ currentTarget }) => {
            setDays(OVERVIEW_DAYS.find((each) => String(each) === currentTarget.value) ?? days);
          }}
        >
          {OVERVIEW_DAYS.map((each) => (
            <option value={each}>{DAYS_LABELS[each]}</option>
          ))}
        </select>
      </header>
      <div role="alert">
        {(failure !== undefined || isLost) && (
          <div class="page-error" data-testid="failure">
            {visibleText(
              failure ?? `Not up to date: the extension has not answered since ${formatTime(heardMs, Date.now())}.`,
            )}
          </div>
        )}
      </div>
      {overview === undefined ? (
        <p class="faint">Loading…</p>
      ) : (
        <div class={overview.days === days ? '' : 'outdated'} aria-busy={overview.days !== days}>
          <Sections overview={overview} />
        </div>
      )}
    </main>
  );
}

function Sections({ overview }: { overview: Overview }) {
  const { counts, lanes, usage, needsYou } = overview;
  const tokens = usage.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
  const costUsd = usage.reduce((sum, day) => sum + day.costUsd, 0);
  return (
    <>
      <dl class="tiles" aria-label="Sums">
        <Tile name="Running" value={String(counts.running)} look="running" />
        <Tile name="Needs you" value={String(needsYou.length)} look="waiting" />
        <Tile name="Completed" value={String(counts.completed)} look="completed" />
        <Tile name="Failed" value={String(counts.failed)} look="failed" />
        <Tile name="Tokens in and out" value={formatNumber(tokens)} />
        <Tile name="Cost, where told" value={`$${costUsd.toFixed(2)}`} />
      </dl>
      {needsYou.length > 0 && (
        <section aria-labelledby="needs-you">
          <h2 id="needs-you">Needs you</h2>
          <ul class="needs-you">
            {needsYou.map(({ sessionId, title, status }) => (
              <li>
                <SessionLink sessionId={sessionId} title={title} /> <span dir="auto">{oneLine(status)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="lanes">
        <h2 id="lanes">Who ran when</h2>
        {lanes.length === 0 ? (
          <p class="faint">Nothing ran in this time.</p>
        ) : (
          <>
            <LaneChart overview={overview} open={open} />
            {overview.hiddenLanes > 0 && (
              <p class="faint">{`${String(overview.hiddenLanes)} more sessions ran in this time.`}</p>
            )}
            <LaneTable lanes={lanes} link={SessionLink} />
          </>
        )}
      </section>
      {usage.length > 0 && (
        <section aria-labelledby="usage">
          <h2 id="usage">Tokens and cost by day and agent</h2>
          <div class="charts">
            <UsageChart overview={overview} measure="tokens" />
            {costUsd > 0 && <UsageChart overview={overview} measure="costUsd" />}
          </div>
          <UsageTable usage={usage} />
        </section>
      )}
      <p
        class="faint"
        data-testid="as-of"
      >{`As of ${formatTime(overview.nowMs, Date.now())}. A run counts for the day on which it started.`}</p>
    </>
  );
}

function Tile({ name, value, look }: { name: string; value: string; look?: string }) {
  return (
    <div class="tile">
      <dt>
        {look !== undefined && <span class={`swatch swatch-${look}`} />}
        {name}
      </dt>
      <dd>{value}</dd>
    </div>
  );
}

function SessionLink({ sessionId, title }: { sessionId: string; title: string }) {
  return (
    <button
      type="button"
      class="link"
      dir="auto"
      onClick={() => {
        open(sessionId);
      }}
    >
      {oneLine(title, 120)}
    </button>
  );
}

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root.');
const saved = v.safeParse(overviewStateSchema, editor.getState());
render(<OverviewPage firstDays={saved.success ? saved.output.days : 7} />, root);

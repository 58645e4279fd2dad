import '../shared/translations'; // first: other modules may hold sentences
import * as l10n from '@vscode/l10n';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import * as v from 'valibot';
import { OVERVIEW_DAYS, overviewHostMessageSchema, overviewStateSchema } from '../../src/protocol/overviewProtocol';
import type { Overview, OverviewAction, OverviewPageMessage } from '../../src/protocol/overviewProtocol';
import { formatCost, formatNumber } from '../shared/numbers';
import { visibleText } from '../../src/common/visibleText';
import { oneLine } from '../shared/plainText';
import { formatTime } from '../shared/times';
import { LaneChart } from './laneChart';
import { LaneTable, UsageTable } from './overviewTables';
import { UsageChart } from './usageChart';
import '../shared/page.css';
import './overview.css';

/** Ages and the bars of running sessions grow even if nothing happens. */
const ASK_EVERY_MS = 10_000;
/** Without an answer for this long, the connection to the extension counts as lost. */
const LOST_AFTER_MS = 25_000;

type Days = Overview['days'];
const DAYS_LABELS: Record<Days, string> = {
  1: l10n.t('Last 24 hours'),
  7: l10n.t('Last 7 days'),
  30: l10n.t('Last 30 days'),
};

const ACTION_LABELS: Record<OverviewAction, string> = { answer: l10n.t('Answer…'), resume: l10n.t('Resume') };

const editor = acquireVsCodeApi();
const post = (message: OverviewPageMessage): void => {
  editor.postMessage(message);
};
const open = (sessionId: string): void => {
  post({ type: 'open', sessionId });
};

function OverviewPage({ initialDays }: { initialDays: Days }) {
  const [days, setDays] = useState(initialDays);
  const [overview, setOverview] = useState<Overview>();
  const [failure, setFailure] = useState<string>();
  const [lastMessageMs, setLastMessageMs] = useState(Date.now);
  const [nowMs, setNowMs] = useState(Date.now);

  useEffect(() => {
    const onMessage = ({ data }: MessageEvent<unknown>): void => {
      const parsed = v.safeParse(overviewHostMessageSchema, data);
      if (!parsed.success)
        setFailure(l10n.t('Corral sent this page an invalid message: {0}', v.summarize(parsed.issues)));
      else if (parsed.output.type === 'failure') setFailure(parsed.output.message);
      else {
        setFailure(undefined);
        setOverview(parsed.output.overview);
      }
      setLastMessageMs(Date.now());
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

  const isLost = nowMs - lastMessageMs > LOST_AFTER_MS;
  return (
    <main class="overview">
      <header>
        <h1>{l10n.t('Overview')}</h1>
        <select
          aria-label={l10n.t('Time range')}
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
              failure ??
                l10n.t('Out of date: Corral has not answered since {0}.', formatTime(lastMessageMs, Date.now())),
            )}
          </div>
        )}
      </div>
      {overview === undefined ? (
        <p class="faint">{l10n.t('Loading…')}</p>
      ) : (
        <div class={overview.days === days ? '' : 'outdated'} aria-busy={overview.days !== days}>
          <Sections overview={overview} />
        </div>
      )}
    </main>
  );
}

function Sections({ overview }: { overview: Overview }) {
  const { lanes, usage, needsYou } = overview;
  const costUsd = sumOf(usage.map((day) => day.costUsd));
  return (
    <>
      <Totals overview={overview} costUsd={costUsd} />
      {needsYou.length > 0 && (
        <section aria-labelledby="needs-you">
          <h2 id="needs-you">{l10n.t('Needs you')}</h2>
          <ul class="needs-you">
            {needsYou.map((need) => (
              <Need need={need} />
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="lanes">
        <h2 id="lanes">{l10n.t('When sessions ran')}</h2>
        {lanes.length === 0 ? (
          <p class="faint">{l10n.t('Nothing ran in this time.')}</p>
        ) : (
          <>
            <LaneChart overview={overview} open={open} />
            {overview.hiddenLanes > 0 && <p class="faint">{hiddenLanesText(overview.hiddenLanes)}</p>}
            <LaneTable lanes={lanes} link={SessionLink} />
          </>
        )}
      </section>
      {usage.length > 0 && (
        <section aria-labelledby="usage">
          <h2 id="usage">{l10n.t('Tokens and cost by day and agent')}</h2>
          <div class="charts">
            <UsageChart overview={overview} measure="tokens" />
            {costUsd > 0 && <UsageChart overview={overview} measure="costUsd" />}
          </div>
          <UsageTable usage={usage} />
        </section>
      )}
      <p class="faint" data-testid="as-of">
        {l10n.t('As of {0}. A run counts for the day on which it started.', formatTime(overview.nowMs, Date.now()))}
      </p>
    </>
  );
}

/** A session that waits, with the button that goes on. */
function Need({ need: { sessionId, title, status, action } }: { need: Overview['needsYou'][number] }) {
  return (
    <li>
      <div class="need">
        <SessionLink sessionId={sessionId} title={title} /> <span dir="auto">{oneLine(status)}</span>
      </div>
      {action !== undefined && (
        <button
          type="button"
          class="primary"
          aria-label={`${ACTION_LABELS[action]} ${oneLine(title, 80)}`}
          onClick={() => {
            post({ type: 'act', sessionId, action });
          }}
        >
          {ACTION_LABELS[action]}
        </button>
      )}
    </li>
  );
}

function Totals({ overview: { counts, usage, needsYou }, costUsd }: { overview: Overview; costUsd: number }) {
  const tokens = sumOf(usage.map(({ inputTokens, outputTokens }) => inputTokens + outputTokens));
  return (
    <dl class="tiles" aria-label={l10n.t('Totals')}>
      <Tile name={l10n.t('Running')} value={String(counts.running)} look="running" />
      <Tile name={l10n.t('Needs you')} value={String(needsYou.length)} look="waiting" />
      <Tile name={l10n.t('Completed')} value={String(counts.completed)} look="completed" />
      <Tile name={l10n.t('Failed')} value={String(counts.failed)} look="failed" />
      {counts.stopped > 0 && <Tile name={l10n.t('Stopped')} value={String(counts.stopped)} look="stopped" />}
      <Tile name={l10n.t('Tokens in and out')} value={formatNumber(tokens)} />
      <Tile name={l10n.t('Reported cost')} value={formatCost(costUsd)} />
    </dl>
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

function hiddenLanesText(count: number): string {
  return count === 1
    ? l10n.t('1 more session ran in this time.')
    : l10n.t('{0} more sessions ran in this time.', count);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root.');
const saved = v.safeParse(overviewStateSchema, editor.getState());
render(<OverviewPage initialDays={saved.success ? saved.output.days : 7} />, root);

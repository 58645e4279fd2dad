import type { ComponentType } from 'preact';
import type { DayUsage, Lane } from '../../src/protocol/overviewProtocol';
import { formatDay } from './overviewCharts';
import { oneLine, formatNumber } from '../shared/plainText';
import { formatDuration } from '../shared/times';

/** What the lanes show, in words. */
export function LaneTable({
  lanes,
  link: Link,
}: {
  lanes: readonly Lane[];
  link: ComponentType<{ sessionId: string; title: string }>;
}) {
  return (
    <details>
      <summary>Sessions as a table</summary>
      <div class="table">
        <table>
          <thead>
            <tr>
              <th scope="col">Session</th>
              <th scope="col">Agent</th>
              <th scope="col">Status</th>
              <th scope="col">Last run started</th>
              <th scope="col">Time of its runs</th>
              <th scope="col">Tokens</th>
              <th scope="col">Cost</th>
            </tr>
          </thead>
          <tbody>
            {lanes.map(({ sessionId, title, agent, status, runs, tokens, costUsd }) => (
              <tr>
                <th scope="row">
                  <Link sessionId={sessionId} title={title} />
                </th>
                <td>{oneLine(agent, 40)}</td>
                <td dir="auto">{oneLine(status)}</td>
                <td>{new Date(Math.max(...runs.map(({ startMs }) => startMs))).toLocaleString()}</td>
                <td class="number">
                  {formatDuration(runs.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0))}
                </td>
                <td class="number">{formatNumber(tokens)}</td>
                <td class="number">{costText(costUsd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** What the bars show, in words. */
export function UsageTable({ usage }: { usage: readonly DayUsage[] }) {
  return (
    <details>
      <summary>Tokens and cost as a table</summary>
      <div class="table">
        <table>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Agent</th>
              <th scope="col">Tokens in</th>
              <th scope="col">Tokens out</th>
              <th scope="col">Tokens cached</th>
              <th scope="col">Cost</th>
            </tr>
          </thead>
          <tbody>
            {usage.map(({ day, agent, inputTokens, outputTokens, cachedTokens, costUsd }) => (
              <tr>
                <th scope="row">{formatDay(day)}</th>
                <td>{oneLine(agent, 40)}</td>
                <td class="number">{formatNumber(inputTokens)}</td>
                <td class="number">{formatNumber(outputTokens)}</td>
                <td class="number">{formatNumber(cachedTokens)}</td>
                <td class="number">{costText(costUsd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** An agent that does not tell its cost is not free. */
function costText(costUsd: number): string {
  return costUsd > 0 ? `$${costUsd.toFixed(2)}` : 'not told';
}

import * as l10n from '@vscode/l10n';
import type { ComponentChildren, ComponentType } from 'preact';
import type { DayUsage, Lane } from '../../src/protocol/overviewProtocol';
import { formatCost, formatNumber } from '../shared/numbers';
import { oneLine } from '../shared/plainText';
import { formatDuration } from '../shared/times';
import { formatDay } from './days';

interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  isNumber?: boolean;
  /** Written by an agent, possibly from right to left. */
  isForeignText?: boolean;
}

/** The data of the lanes as a table. */
export function LaneTable({
  lanes,
  link: Link,
}: {
  lanes: readonly Lane[];
  link: ComponentType<{ sessionId: string; title: string }>;
}) {
  const columns: Column<Lane>[] = [
    { title: l10n.t('Session'), cell: ({ sessionId, title }) => <Link sessionId={sessionId} title={title} /> },
    { title: l10n.t('Agent'), cell: ({ agent }) => oneLine(agent, 40) },
    { title: l10n.t('Status'), cell: ({ status }) => oneLine(status), isForeignText: true },
    { title: l10n.t('Last run started'), cell: ({ runs }) => formatLastStart(runs) },
    { title: l10n.t('Total run time'), cell: ({ runs }) => formatDuration(totalMs(runs)), isNumber: true },
    { title: l10n.t('Tokens'), cell: ({ tokens }) => formatNumber(tokens), isNumber: true },
    { title: l10n.t('Cost'), cell: ({ costUsd }) => costText(costUsd), isNumber: true },
  ];
  return <Table summary={l10n.t('Sessions as a table')} columns={columns} rows={lanes} />;
}

/** The data of the usage charts as a table. */
export function UsageTable({ usage }: { usage: readonly DayUsage[] }) {
  const columns: Column<DayUsage>[] = [
    { title: l10n.t('Day'), cell: ({ day }) => formatDay(day) },
    { title: l10n.t('Agent'), cell: ({ agent }) => oneLine(agent, 40) },
    { title: l10n.t('Tokens in'), cell: ({ inputTokens }) => formatNumber(inputTokens), isNumber: true },
    { title: l10n.t('Tokens out'), cell: ({ outputTokens }) => formatNumber(outputTokens), isNumber: true },
    { title: l10n.t('Tokens cached'), cell: ({ cachedTokens }) => formatNumber(cachedTokens), isNumber: true },
    { title: l10n.t('Cost'), cell: ({ costUsd }) => costText(costUsd), isNumber: true },
  ];
  return <Table summary={l10n.t('Tokens and cost as a table')} columns={columns} rows={usage} />;
}

/** The first column names its row. */
function Table<Row>({
  summary,
  columns: [first, ...others],
  rows,
}: {
  summary: string;
  columns: Column<Row>[];
  rows: readonly Row[];
}) {
  return (
    <details>
      <summary>{summary}</summary>
      <div class="table">
        <table>
          <thead>
            <tr>
              <th scope="col">{first?.title}</th>
              {others.map(({ title }) => (
                <th scope="col">{title}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr>
                <th scope="row">{first?.cell(row)}</th>
                {others.map(({ cell, isNumber, isForeignText }) => (
                  <td
                    class={isNumber === true ? 'number' : undefined}
                    dir={isForeignText === true ? 'auto' : undefined}
                  >
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function formatLastStart(runs: Lane['runs']): string {
  return new Date(Math.max(...runs.map(({ startMs }) => startMs))).toLocaleString();
}

function totalMs(runs: Lane['runs']): number {
  return runs.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}

/** An agent that reports no cost is not free. */
function costText(costUsd: number): string {
  return costUsd > 0 ? formatCost(costUsd) : l10n.t('not reported');
}

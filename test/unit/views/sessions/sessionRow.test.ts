import { join } from 'node:path';
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RUN_STATES } from '../../../../src/storage/events';
import type { SessionSummary } from '../../../../src/supervisor/api';
import { sessionRow } from '../../../../src/views/sessions/sessionRow';
import { sessionTooltip } from '../../../../src/views/sessions/sessionTooltip';
import { timeOfDay } from '../../../../src/views/text/elapsedTime';
import { goldenText } from '../../../support/goldenText';
import { projectRoot } from '../../../support/project';
import { NOW_MS, SITUATIONS } from './situations';

/** Every time in `text` as it is written on any machine. */
function withPlainTimes(
  text: string,
  { paused, unreachable, createdAt, lastActivityAt, host, formerHost }: SessionSummary,
): string {
  return [
    createdAt,
    lastActivityAt,
    paused?.since ?? createdAt,
    unreachable ?? createdAt,
    host?.since ?? createdAt,
    host?.mirroredTo ?? createdAt,
    formerHost?.leftAt ?? createdAt,
  ].reduce(
    (plain, time) =>
      plain
        .replaceAll(new Date(time).toLocaleString(), time.slice(0, 16))
        .replaceAll(`since ${timeOfDay(time, NOW_MS)}`, `since ${time.slice(11, 16)}`)
        .replaceAll(`at ${timeOfDay(time, NOW_MS)}`, `at ${time.slice(11, 16)}`),
    text,
  );
}

describe('a session’s row', () => {
  it('is as agreed on in every situation', async () => {
    const rows = SITUATIONS.map(({ name, session }) => {
      const row = sessionRow(session, NOW_MS);
      const lines = [
        `## ${name}`,
        `label        ${row.label}`,
        `description  ${row.description}`,
        `icon         ${row.icon}${row.iconColor === undefined ? '' : ` (${row.iconColor})`}`,
        `context      ${row.contextValue}`,
        `aloud        ${row.accessibleLabel}`,
        ...sessionTooltip(session, row).map((line) => `tooltip      ${line.join(': ')}`),
      ];
      return withPlainTimes(`${lines.join('\n')}\n`, session);
    });
    await goldenText(join(projectRoot, 'test/fixtures/views/sessionRows.txt'), rows.join('\n'));
  });

  it('is agreed on for every state', () => {
    assert.deepEqual(new Set(SITUATIONS.map(({ session }) => session.state)), new Set(RUN_STATES));
  });
});

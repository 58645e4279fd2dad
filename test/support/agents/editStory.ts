import type { DraftEvent } from '../../../src/storage/events';
import type { TestRepository } from '../repository';
import type { RecordedEvent } from './recordedSession';

const PATH = 'src/duration.js';
/** How long nothing happens in the middle of the story. */
const PAUSE_MS = 72 * 60_000;

/** A module with a function for each unit, so that edits of some of them make several hunks. */
function moduleText(units: readonly string[]): string {
  const functions = units.map(
    (unit, index) =>
      `/** Seconds of ${unit}. */\nexport function ${unit}ToSeconds(count) {\n  const factor = ${(index + 1) * 60};\n  if (count < 0) throw new RangeError('A duration is not negative');\n  return count * factor;\n}\n`,
  );
  return `const UNITS = { h: 3600, m: 60, s: 1 };\n\n${functions.join('\n')}`;
}

const BASE = moduleText(['minutes', 'hours', 'shifts', 'days', 'weeks', 'months']);

/** What the file is at its base and after each of the two edits. */
export const DURATIONS: readonly [string, string, string] = [
  BASE,
  BASE.replace('h: 3600, m: 60, s: 1', 'h: 3600, m: 60, s: 1, ms: 0.001')
    .replace('const factor = 180;', 'const factor = 8 * 3600;')
    .replace(/(function weeks[^}]*?)return count \* factor;/, '$1return Math.round(count * factor);'),
  BASE.replace('h: 3600, m: 60, s: 1', 'd: 86_400, h: 3600, m: 60, s: 1, ms: 0.001')
    .replace('const factor = 180;', 'const factor = 8 * 3600;')
    .replace(/(function weeks[^}]*?)return count \* factor;/, '$1return Math.round(count * factor);'),
];

/**
 * Two edits of src/duration.js with more than an hour between them, each with its snapshot, in a repository whose HEAD
 * is the base. The repository's files stay as they are at the base.
 */
export async function editStory(
  repository: TestRepository,
): Promise<{ events: RecordedEvent[]; base: string; lastSnapshot: string }> {
  const base = await repository.commit('Durations', { [PATH]: DURATIONS[0], 'docs/guide/units.md': '# Units\n' });
  const first = await repository.commit('First edit', { [PATH]: DURATIONS[1], 'notes.md': 'To do: weeks\n' });
  const second = await repository.commit('Second edit', { [PATH]: DURATIONS[2] });
  const diffs = [
    await repository.git('diff', '--no-color', base, first, '--', PATH),
    await repository.git('diff', '--no-color', first, second, '--', PATH),
  ];
  await repository.git('reset', '--hard', base);
  const edit = (callId: string, diff = '', counts: [number, number] = [0, 0]): DraftEvent[] => [
    {
      kind: 'tool.call',
      data: {
        callId,
        name: 'Edit',
        title: `Edit ${PATH}`,
        input: { file_path: PATH },
        category: 'edit',
        locations: [{ path: PATH }],
      },
    },
    { kind: 'tool.result', data: { callId, status: 'ok', output: 'The file was updated.' } },
    {
      kind: 'file.change',
      data: {
        path: PATH,
        change: 'modified',
        addedLines: counts[0],
        removedLines: counts[1],
        diff: `${diff}\n`,
        callId,
      },
    },
  ];
  const snapshot = async (commit: string, counts: [number, number, number]): Promise<DraftEvent> => ({
    kind: 'snapshot',
    data: {
      commit,
      tree: await repository.git('rev-parse', `${commit}^{tree}`),
      files: counts[0],
      addedLines: counts[1],
      removedLines: counts[2],
    },
  });
  const usage = (inputTokens: number, costUsd: number): DraftEvent => ({
    kind: 'turn.ended',
    data: { turn: 1, stopReason: 'end_turn', failed: false, usage: { inputTokens, outputTokens: 500, costUsd } },
  });
  const before: DraftEvent[] = [
    {
      kind: 'run.started',
      data: { ordinal: 1, agent: 'claude', driver: 'claude', argv: ['claude'], cwd: repository.path },
    },
    {
      kind: 'agent.session',
      data: { nativeSessionId: '7c1e', backendType: 'claude', model: 'opus-test', permissionMode: 'acceptEdits' },
    },
    { kind: 'turn.started', data: { turn: 1 } },
    { kind: 'message', data: { role: 'user', text: 'Read milliseconds, and round the weeks.' } },
    { kind: 'message', data: { role: 'assistant', text: `I look at \`${PATH}:3\` first.` } },
    ...edit('first', diffs[0], [3, 3]),
    await snapshot(first, [2, 4, 3]),
    usage(10_000, 0.12),
  ];
  const after: DraftEvent[] = [
    { kind: 'turn.started', data: { turn: 2 } },
    { kind: 'message', data: { role: 'user', text: 'And days in the table of units.' } },
    ...edit('second', diffs[1], [1, 1]),
    await snapshot(second, [2, 4, 3]),
    { kind: 'message', data: { role: 'assistant', text: 'Days are in the table.' } },
    usage(5_000, 0.07),
    { kind: 'run.exited', data: { outcome: 'completed', exitCode: 0, signal: null, reason: '' } },
  ];
  const events = [
    ...before.map((event) => ({ event })),
    ...after.map((event, index) => ({ event, ...(index === 0 ? { afterMs: PAUSE_MS } : {}) })),
  ];
  return { events, base, lastSnapshot: second };
}

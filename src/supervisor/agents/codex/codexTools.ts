/** Codex's tool calls as people see them: title, category, files, result, and file changes. */
import type { DraftEvent, EventData } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import { displayPath } from '../driver/displayPath';
import { toolCategories } from '../driver/toolCategories';
import type { CodexCall, CodexChange } from './codexMessages';
import { picturesField } from '../driver/pictures';
import { contentOf } from './codexMessages';

/** The actions that Codex recognizes in a command. */
const ACTION_CATEGORIES = toolCategories({ read: ['read'], search: ['listFiles', 'search'] });

export function callOf(item: CodexCall, cwd: string): EventData<'tool.call'> {
  switch (item.type) {
    case 'commandExecution': {
      const actions = item.commandActions ?? [];
      const category = actions.length === 1 ? ACTION_CATEGORIES.get(actions[0]?.type ?? '') : undefined;
      return {
        callId: item.id,
        name: 'shell',
        title: commandTitle(item),
        input: { command: item.command, ...(item.cwd ? { cwd: item.cwd } : {}) },
        category: category ?? 'execute',
        locations: [],
      };
    }
    case 'fileChange': {
      const locations = item.changes.map(({ path }) => ({ path: displayPath(path, [cwd]) }));
      const title = oneLine(`Edit ${locations.map(({ path }) => path).join(', ')}`);
      return {
        callId: item.id,
        name: 'apply_patch',
        title,
        input: { changes: item.changes },
        category: 'edit',
        locations,
      };
    }
    case 'mcpToolCall': {
      const name = `${item.server}: ${item.tool}`;
      return {
        callId: item.id,
        name,
        title: oneLine(name),
        input: item.arguments ?? {},
        category: 'other',
        locations: [],
      };
    }
    case 'webSearch':
      return {
        callId: item.id,
        name: 'web_search',
        title: oneLine(`Search the web for “${item.query}”`),
        input: { query: item.query },
        category: 'fetch',
        locations: [],
      };
  }
}

/** The command without the shell that runs it. */
export function commandTitle({
  command,
  commandActions,
}: {
  command: string;
  commandActions?: { command: string }[] | null | undefined;
}): string {
  const typed = commandActions?.map((action) => action.command).join(' && ');
  return oneLine(typed === undefined || typed === '' ? command : typed);
}

/** The result of a call that has ended, and the files that it changed. */
export function resultOf(item: CodexCall, cwd: string): DraftEvent[] {
  switch (item.type) {
    case 'commandExecution':
      return [
        {
          kind: 'tool.result',
          data: {
            callId: item.id,
            status: statusOf(item.status),
            output: item.aggregatedOutput ?? exitNote(item.exitCode),
          },
        },
      ];
    case 'fileChange': {
      const result: DraftEvent = {
        kind: 'tool.result',
        data: { callId: item.id, status: statusOf(item.status), output: '' },
      };
      if (item.status !== 'completed') return [result];
      return [
        result,
        ...item.changes.map((change): DraftEvent => ({ kind: 'file.change', data: changeOf(change, item.id, cwd) })),
      ];
    }
    case 'mcpToolCall': {
      const { text, pictures } = contentOf(item.result?.content ?? []);
      const output = item.error?.message ?? text;
      const data = { callId: item.id, status: statusOf(item.status), output, ...picturesField(pictures) };
      return [{ kind: 'tool.result', data }];
    }
    case 'webSearch':
      return [{ kind: 'tool.result', data: { callId: item.id, status: 'ok', output: '' } }];
  }
}

function statusOf(status: 'inProgress' | 'completed' | 'failed' | 'declined'): EventData<'tool.result'>['status'] {
  return status === 'completed' ? 'ok' : status === 'declined' ? 'denied' : 'failed';
}

function exitNote(exitCode: number | null | undefined): string {
  return exitCode === undefined || exitCode === null || exitCode === 0 ? '' : `exited with code ${exitCode}`;
}

const CHANGES = { add: 'added', delete: 'deleted', update: 'modified' } as const;

/** `diff` is the whole text of a new or deleted file, and the hunks of a changed one. */
function changeOf({ path, kind, diff }: CodexChange, callId: string, cwd: string): EventData<'file.change'> {
  const shown = displayPath(path, [cwd]);
  const movedTo = kind.type === 'update' && kind.move_path ? displayPath(kind.move_path, [cwd]) : undefined;
  const change = {
    path: movedTo ?? shown,
    change: movedTo !== undefined ? ('renamed' as const) : CHANGES[kind.type],
    callId,
  };
  if (diff === undefined) return change;
  const isWhole = kind.type !== 'update';
  const sign = kind.type === 'delete' ? '-' : '+';
  const lines = diff === '' ? [] : diff.replace(/\n$/, '').split('\n');
  const body = isWhole ? lines.map((line) => `${sign}${line}`) : lines;
  const header = isWhole
    ? [kind.type === 'add' ? `@@ -0,0 +1,${lines.length} @@` : `@@ -1,${lines.length} +0,0 @@`]
    : [];
  return {
    ...change,
    addedLines: body.filter((line) => line.startsWith('+')).length,
    removedLines: body.filter((line) => line.startsWith('-')).length,
    diff: [
      kind.type === 'add' ? '--- /dev/null' : `--- a/${shown}`,
      kind.type === 'delete' ? '+++ /dev/null' : `+++ b/${movedTo ?? shown}`,
      ...header,
      ...body,
      '',
    ].join('\n'),
  };
}

/** What Codex's items mean to a person: calls with a category, a title and the files they touch; results; changes. */
import type { DraftEvent, EventData, ToolCategory } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { CodexChange, CodexItem } from './codexMessages';
import { shownPath } from '../driver/shownPath';

const ACTION_CATEGORIES: Readonly<Record<string, ToolCategory>> = {
  read: 'read',
  listFiles: 'search',
  search: 'search',
};

/** The event of an item that begins, where it is a call of a tool. */
export function callOf(item: CodexItem, root: string): DraftEvent | undefined {
  const call = describeCall(item, root);
  return call === undefined ? undefined : { kind: 'tool.call', data: call };
}

function describeCall(item: CodexItem, root: string): EventData<'tool.call'> | undefined {
  switch (item.type) {
    case 'commandExecution': {
      const actions = item.commandActions ?? [];
      const category = actions.length === 1 ? ACTION_CATEGORIES[actions[0]?.type ?? ''] : undefined;
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
      const locations = item.changes.map(({ path }) => ({ path: shownPath(path, [root]) }));
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
    default:
      return undefined;
  }
}

/** What was typed, without the shell around it. */
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

/** The events of a call's end; none where the item is no call. */
export function resultOf(item: CodexItem, root: string): DraftEvent[] {
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
        ...item.changes.map((change): DraftEvent => ({ kind: 'file.change', data: changeOf(change, item.id, root) })),
      ];
    }
    case 'mcpToolCall': {
      const output = item.error?.message ?? item.result?.content.map(contentText).join('\n') ?? '';
      return [{ kind: 'tool.result', data: { callId: item.id, status: statusOf(item.status), output } }];
    }
    case 'webSearch':
      return [{ kind: 'tool.result', data: { callId: item.id, status: 'ok', output: '' } }];
    default:
      return [];
  }
}

function statusOf(status: 'inProgress' | 'completed' | 'failed' | 'declined'): EventData<'tool.result'>['status'] {
  return status === 'completed' ? 'ok' : status === 'declined' ? 'denied' : 'failed';
}

function exitNote(exitCode: number | null | undefined): string {
  return exitCode === undefined || exitCode === null || exitCode === 0 ? '' : `exited with code ${exitCode}`;
}

function contentText(content: unknown): string {
  return typeof content === 'object' && content !== null && 'text' in content && typeof content.text === 'string'
    ? content.text
    : JSON.stringify(content);
}

const CHANGES = { add: 'added', delete: 'deleted', update: 'modified' } as const;

/** A new or deleted file comes as its whole text, a changed one as hunks. */
function changeOf({ path, kind, diff }: CodexChange, callId: string, root: string): EventData<'file.change'> {
  const shown = shownPath(path, [root]);
  const movedTo = kind.type === 'update' && kind.move_path ? shownPath(kind.move_path, [root]) : undefined;
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

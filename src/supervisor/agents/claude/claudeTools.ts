/** What Claude's tools mean to a person: a category, a title, the files they touch. */
import * as v from 'valibot';
import type { EventData, ToolCategory } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import { questionsOf } from './claudePermissions';
import { shownPath } from '../driver/shownPath';

const CATEGORIES: Readonly<Record<string, ToolCategory>> = {
  Read: 'read',
  NotebookRead: 'read',
  ReadMcpResource: 'read',
  Glob: 'search',
  Grep: 'search',
  LS: 'search',
  ToolSearch: 'search',
  Edit: 'edit',
  MultiEdit: 'edit',
  Write: 'edit',
  NotebookEdit: 'edit',
  Bash: 'execute',
  BashOutput: 'execute',
  KillShell: 'execute',
  KillBash: 'execute',
  PowerShell: 'execute',
  Monitor: 'execute',
  WebFetch: 'fetch',
  WebSearch: 'fetch',
  Agent: 'think',
  Task: 'think',
  TodoWrite: 'think',
  EnterPlanMode: 'think',
  ExitPlanMode: 'think',
  AskUserQuestion: 'think',
};

const field = v.fallback(v.optional(v.string()), undefined);
const inputSchema = v.object({
  file_path: field,
  notebook_path: field,
  path: field,
  pattern: field,
  command: field,
  url: field,
  query: field,
  description: field,
  prompt: field,
  offset: v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))), undefined),
});

export interface ToolDescription {
  category: ToolCategory;
  title: string;
  locations: { path: string; line?: number }[];
}

/** `roots`: the working directory, in every spelling that the agent may use for it. */
export function describeTool(name: string, input: unknown, roots: readonly string[]): ToolDescription {
  const parsed = v.safeParse(inputSchema, input);
  const fields = parsed.success ? parsed.output : {};
  const path = fields.file_path ?? fields.notebook_path ?? fields.path;
  const category = (Object.hasOwn(CATEGORIES, name) ? CATEGORIES[name] : undefined) ?? 'other';
  const locations =
    path === undefined
      ? []
      : [{ path: shownPath(path, roots), ...(fields.offset === undefined ? {} : { line: fields.offset }) }];
  const questions =
    name === 'AskUserQuestion'
      ? questionsOf(input)
          ?.map((question) => question.question)
          .join(' ')
      : undefined;
  return { category, title: oneLine(questions ?? titleOf(name, fields, locations[0]?.path)), locations };
}

function titleOf(name: string, fields: Partial<v.InferOutput<typeof inputSchema>>, path: string | undefined): string {
  const { command, pattern, url, query, description } = fields;
  const place = path === undefined ? '' : ` in ${path}`;
  if (command !== undefined) return command;
  if (name === 'Grep' && pattern !== undefined) return `Search for “${pattern}”${place}`;
  if (name === 'Glob' && pattern !== undefined) return `Find ${pattern}${place}`;
  if (name === 'TodoWrite') return 'Update the plan';
  if (name === 'ExitPlanMode') return 'Present the plan';
  if (path !== undefined) return `${toolName(name)} ${path}`;
  if (url !== undefined) return `Fetch ${url}`;
  if (name === 'WebSearch' && query !== undefined) return `Search the web for “${query}”`;
  return description ?? toolName(name);
}

/** `mcp__server__tool` as `server: tool`. */
function toolName(name: string): string {
  const parts = /^mcp__(.+?)__(.+)$/.exec(name);
  return parts === null ? name : `${parts[1]}: ${parts[2]}`;
}

const todoSchema = v.object({
  todos: v.array(v.object({ content: v.string(), status: v.picklist(['pending', 'in_progress', 'completed']) })),
});

/** The plan in a call of `TodoWrite`, or undefined where the call is none. */
export function planOf(name: string, input: unknown): EventData<'plan'> | undefined {
  const parsed = v.safeParse(todoSchema, input);
  if (name !== 'TodoWrite' || !parsed.success) return undefined;
  return { entries: parsed.output.todos.map((todo) => ({ text: todo.content, status: todo.status })) };
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const changeSchema = v.object({
  filePath: v.string(),
  structuredPatch: v.array(
    v.object({ oldStart: count, oldLines: count, newStart: count, newLines: count, lines: v.array(v.string()) }),
  ),
  originalFile: v.optional(v.nullable(v.string())),
  content: v.optional(v.string()),
});

/** The change of a file that a tool's result tells, or undefined where it tells none. */
export function fileChangeOf(
  toolUseResult: unknown,
  callId: string,
  roots: readonly string[],
): EventData<'file.change'> | undefined {
  const parsed = v.safeParse(changeSchema, toolUseResult);
  if (!parsed.success) return undefined;
  const { filePath, structuredPatch, originalFile, content } = parsed.output;
  const isNew = originalFile === null;
  const patch = isNew && structuredPatch.length === 0 && content !== undefined ? wholeFile(content) : structuredPatch;
  if (patch.length === 0 && (!isNew || content === undefined) && (content === undefined || content === originalFile))
    return undefined;
  const path = shownPath(filePath, roots);
  const lines = patch.flatMap((hunk) => hunk.lines);
  const change: EventData<'file.change'> = { path, change: isNew ? 'added' : 'modified', callId };
  // A large file's change comes without a patch: the counts are unknown then, not zero.
  if (patch.length === 0 && !isNew) return change;
  return {
    ...change,
    addedLines: lines.filter((line) => line.startsWith('+')).length,
    removedLines: lines.filter((line) => line.startsWith('-')).length,
    diff: [
      `--- ${isNew ? '/dev/null' : `a/${path}`}`,
      `+++ b/${path}`,
      ...patch.flatMap((hunk) => [
        `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
        ...hunk.lines,
      ]),
      '',
    ].join('\n'),
  };
}

function wholeFile(content: string): v.InferOutput<typeof changeSchema>['structuredPatch'] {
  if (content === '') return [];
  const lines = content.split('\n');
  const isComplete = lines.at(-1) === '';
  const added = (isComplete ? lines.slice(0, -1) : lines).map((line) => `+${line}`);
  return [
    {
      oldStart: 0,
      oldLines: 0,
      newStart: 1,
      newLines: added.length,
      lines: isComplete ? added : [...added, '\\ No newline at end of file'],
    },
  ];
}

const textBlock = v.object({ type: v.literal('text'), text: v.string() });
const imageBlock = v.object({ type: v.literal('image'), source: v.object({ media_type: v.string() }) });

/** A tool result's content as text; what is not text is named, since the agent's raw output holds it. */
export function resultText(content: string | readonly unknown[]): string {
  if (typeof content === 'string') return content;
  return content
    .map((block) =>
      v.is(textBlock, block)
        ? block.text
        : v.is(imageBlock, block)
          ? `[image ${block.source.media_type}]`
          : JSON.stringify(block),
    )
    .join('\n');
}

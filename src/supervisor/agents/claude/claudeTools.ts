/** Claude's tools as people see them: category, title, and the files that they touch. */
import * as v from 'valibot';
import type { EventData, ToolCategory } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import { displayPath } from '../driver/displayPath';
import { saysAll } from '../driver/permissions/saysAll';
import { count, lenient, text } from '../driver/schemas';
import { planOfTodos } from '../driver/todoPlan';
import { toolCategories } from '../driver/toolCategories';

const CATEGORIES = toolCategories({
  read: ['Read', 'NotebookRead', 'ReadMcpResource'],
  search: ['Glob', 'Grep', 'LS', 'ToolSearch'],
  edit: ['Edit', 'MultiEdit', 'Write', 'NotebookEdit'],
  execute: ['Bash', 'BashOutput', 'KillShell', 'KillBash', 'PowerShell', 'Monitor'],
  fetch: ['WebFetch', 'WebSearch'],
  think: ['Agent', 'Task', 'TodoWrite', 'EnterPlanMode', 'ExitPlanMode', 'AskUserQuestion'],
});

const inputSchema = v.object({
  file_path: lenient(text),
  notebook_path: lenient(text),
  path: lenient(text),
  pattern: lenient(text),
  command: lenient(text),
  url: lenient(text),
  query: lenient(text),
  description: lenient(text),
  prompt: lenient(text),
  offset: lenient(count),
});

export interface ToolDescription {
  category: ToolCategory;
  title: string;
  locations: { path: string; line?: number }[];
}

/** `roots` is the working directory in each spelling that Claude uses for it. */
export function describeTool(name: string, input: unknown, roots: readonly string[]): ToolDescription {
  const description = describeWhole(name, input, roots);
  return { ...description, title: oneLine(description.title) };
}

/** What a person is asked about a call: its whole title, and whether that leaves nothing out. */
export function questionAbout(
  name: string,
  input: unknown,
  roots: readonly string[],
): { title: string; isWhole: boolean } {
  const { title, category } = describeWhole(name, input, roots);
  const isWhole =
    name === 'AskUserQuestion' ? questionsOf(input)?.length === 1 : saysAll(title, category, input, roots);
  return { title, isWhole };
}

/** The title is not cut, and may have several lines. */
function describeWhole(name: string, input: unknown, roots: readonly string[]): ToolDescription {
  const parsed = v.safeParse(inputSchema, input);
  const fields = parsed.success ? parsed.output : {};
  const path = fields.file_path ?? fields.notebook_path ?? fields.path;
  const locations =
    path === undefined
      ? []
      : [{ path: displayPath(path, roots), ...(fields.offset === undefined ? {} : { line: fields.offset }) }];
  const questions =
    name === 'AskUserQuestion'
      ? questionsOf(input)
          ?.map((question) => question.question)
          .join(' ')
      : undefined;
  return {
    category: CATEGORIES.get(name) ?? 'other',
    title: questions ?? titleOf(name, fields, locations[0]?.path),
    locations,
  };
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

/** The plan in a call of `TodoWrite`; undefined for any other call. */
export function planOf(name: string, input: unknown): EventData<'plan'> | undefined {
  return name === 'TodoWrite' ? planOfTodos(input) : undefined;
}

const questionsSchema = v.object({
  questions: v.pipe(
    v.array(
      v.object({
        question: text,
        multiSelect: v.optional(v.boolean(), false),
        options: v.array(v.object({ label: text })),
      }),
    ),
    v.minLength(1),
  ),
});

/** The questions of a call of `AskUserQuestion`; undefined where they are malformed. */
export function questionsOf(input: unknown): v.InferOutput<typeof questionsSchema>['questions'] | undefined {
  const parsed = v.safeParse(questionsSchema, input);
  return parsed.success ? parsed.output.questions : undefined;
}

const changeSchema = v.object({
  filePath: text,
  structuredPatch: v.array(
    v.object({ oldStart: count, oldLines: count, newStart: count, newLines: count, lines: v.array(text) }),
  ),
  originalFile: v.optional(v.nullable(text)),
  content: v.optional(text),
});

/** The file change in a tool's result, or undefined where the tool changed none. */
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
  const path = displayPath(filePath, roots);
  const lines = patch.flatMap((hunk) => hunk.lines);
  const change: EventData<'file.change'> = { path, change: isNew ? 'added' : 'modified', callId };
  // The change of a large file has no patch: its counts are unknown, not zero.
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

const textBlock = v.object({ type: v.literal('text'), text: text });
const imageBlock = v.object({ type: v.literal('image'), source: v.object({ media_type: text }) });

/** The content of a tool's result as text. A picture is only named here. */
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

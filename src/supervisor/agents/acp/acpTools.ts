/** Tool calls as people see them: name, title, category, output, and the files that they name. */
import * as v from 'valibot';
import type { EventData, ToolCategory } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import { displayPath } from '../driver/displayPath';
import { saysAll, saysWord } from '../driver/permissions/saysAll';
import type { ToolCategories } from '../driver/toolCategories';
import type { AcpToolUpdate } from './acpMessages';
import { contentText } from './acpMessages';

const toolNameSchema = v.union([
  v.pipe(
    v.object({ goose: v.object({ toolCall: v.object({ toolName: v.string() }) }) }),
    v.transform((meta) => meta.goose.toolCall.toolName),
  ),
  v.pipe(
    v.object({ claudeCode: v.object({ toolName: v.string() }) }),
    v.transform((meta) => meta.claudeCode.toolName),
  ),
]);

export function nameOf(call: AcpToolUpdate): string {
  const own = v.safeParse(toolNameSchema, call._meta);
  return call.name ?? (own.success ? own.output : undefined) ?? call.kind ?? 'tool';
}

/** `categories` is for agents that do not report the kind of a tool. */
export function categoryOf(call: AcpToolUpdate, categories: ToolCategories | undefined): ToolCategory {
  const kind = call.kind === undefined || call.kind === 'switch_mode' ? 'other' : call.kind;
  return categories?.get(nameOf(call)) ?? kind;
}

const commandSchema = v.object({ command: v.pipe(v.string(), v.minLength(1)) });

/** A command is clearer than the agent's title for it, and a title that is only a verb needs its path. */
export function titleOf(call: AcpToolUpdate, path: string | undefined): string {
  return oneLine(wholeTitleOf(call, path));
}

function wholeTitleOf(call: AcpToolUpdate, path: string | undefined): string {
  const command = v.safeParse(commandSchema, call.rawInput);
  if (command.success) return command.output.command;
  const title = call.title === undefined || call.title.trim() === '' ? nameOf(call) : call.title;
  // A title of Goose is the tool's name, a dot, and its input, which may be shortened.
  const [verb = ''] = title.split(' · ');
  return path !== undefined && /^[a-z_]+$/i.test(verb) ? `${verb} ${path}` : title;
}

/** What a person is asked about a call: its whole title with all its paths, and whether that leaves nothing out. */
export function questionAbout(
  call: AcpToolUpdate,
  category: ToolCategory,
  cwd: string,
  input: unknown,
): { title: string; isWhole: boolean } {
  const paths = pathsOf(call).map((path) => displayPath(path, [cwd]));
  const command = v.safeParse(commandSchema, call.rawInput);
  if (command.success) return { title: command.output.command, isWhole: saysCall(command.output.command) };
  const ownTitle = wholeTitleOf(call, paths[0]);
  const unsaid = [...new Set(paths)].filter((path) => path !== cwd && !saysWord(ownTitle, path));
  const title = [ownTitle, unsaid.join(', ')].filter((part) => part !== '').join(' ');
  return { title, isWhole: saysCall(title) };

  function saysCall(text: string): boolean {
    return saysAll(text, category, input, [cwd]);
  }
}

const pathsSchema = v.object({
  path: v.optional(v.string()),
  file_path: v.optional(v.string()),
  filePath: v.optional(v.string()),
});

/** The paths in a call's input. Some agents name the files of a call only there. */
function inputPaths(call: AcpToolUpdate): string[] {
  const input = v.safeParse(pathsSchema, call.rawInput);
  return input.success ? Object.values(input.output).filter((path) => path !== undefined) : [];
}

/** Every path that the agent names for a call, in any of the three places. */
export function pathsOf(call: AcpToolUpdate): string[] {
  return [
    ...(call.locations ?? []).map(({ path }) => path),
    ...(call.content ?? []).flatMap((content) => (content.type === 'diff' ? [content.path] : [])),
    ...inputPaths(call),
  ];
}

/** Without the working directory itself, which says nothing about the call. */
export function locationsOf(call: AcpToolUpdate, cwd: string): EventData<'tool.call'>['locations'] {
  const reported = call.locations ?? [];
  return (reported.length > 0 ? reported : inputPaths(call).map((path) => ({ path, line: undefined })))
    .filter(({ path }) => path !== cwd)
    .map(({ path, line }) => ({ path: displayPath(path, [cwd]), ...(line === undefined ? {} : { line }) }));
}

const terminalOutputSchema = v.object({ terminal_output_delta: v.object({ data: v.string() }) });

export function outputOf(call: AcpToolUpdate): string {
  if (typeof call.rawOutput === 'string') return call.rawOutput;
  const terminal = v.safeParse(terminalOutputSchema, call._meta);
  if (terminal.success) return terminal.output.terminal_output_delta.data;
  const text = (call.content ?? [])
    .flatMap((content) => (content.type === 'content' ? [contentText(content.content)] : []))
    .join('\n');
  return text === '' && !isEmpty(call.rawOutput) ? JSON.stringify(call.rawOutput) : text;
}

export function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

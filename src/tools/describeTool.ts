/**
 * Describes a call of any agent's tool from what is recorded of it. An input may be cut for a page, and then is the
 * start of its JSON: it stays a block of text.
 */
import type { EventData } from '../storage/events';
import { displayedPath, isAbsolutePath } from './displayedPath';
import { DESCRIBERS } from './describers';
import type { RecordedTool, ToolBlock, ToolDescription, ToolKind, ToolPath } from './toolDescription';
import { ToolFields, isRecord } from './toolFields';
import { kindOf } from './toolKinds';
import { outsideRisk, risksOfCommand, sandboxRisk } from './toolRisks';

/** The call as an event has it. */
export function recordedCall({ name, title, input, category, locations }: EventData<'tool.call'>): RecordedTool {
  return { name, title, input, category, locations: locations.map(withLine) };
}

/** What a request asks for. `call` is the call that it is about, where that is known: it has more of the same. */
export function recordedRequest(
  { toolName, title, input }: EventData<'permission.request'>,
  call?: EventData<'tool.call'>,
): RecordedTool {
  const isEmpty = isRecord(input) && Object.keys(input).length === 0;
  return {
    name: toolName ?? call?.name ?? '',
    title,
    input: call !== undefined && (input === undefined || isEmpty) ? call.input : input,
    category: call?.category,
    locations: call?.locations.map(withLine) ?? [],
  };
}

/** `roots` are the folders of the worktree, in each spelling that the agent may use. */
export function describeTool(tool: RecordedTool, roots: readonly string[] = []): ToolDescription {
  const { title, input } = tool;
  const fields = new ToolFields(input);
  const kind = kindOfTool(tool, fields);
  const description: ToolDescription = {
    kind,
    title,
    edits: [],
    steps: [],
    questions: [],
    paths: tool.locations?.map(({ path, ...line }) => ({ path: displayedPath(path, roots), ...line })) ?? [],
    details: [],
    risks: [],
  };
  if (typeof input === 'string' && input !== '') description.block = { text: input, language: languageOf(input) };
  Object.assign(description, DESCRIBERS[kind](tool, fields, roots));
  description.details = fields.details();
  description.risks.push(...risksOf(description, fields, roots));
  return description;
}

/** By its name and category, else by what its input has. */
function kindOfTool({ name, category }: RecordedTool, fields: ToolFields): ToolKind {
  const command = fields.value('command');
  const known = kindOf(name, category, command);
  if (known !== undefined) return known;
  if (fields.has('questions') || fields.has('form')) return 'question';
  if (fields.has('changes')) return 'edit';
  if (fields.has('todos')) return 'todo';
  return name === '' && command !== undefined ? 'shell' : 'other';
}

function risksOf({ kind, block, paths }: ToolDescription, fields: ToolFields, roots: readonly string[]): string[] {
  const isOutside = roots.length > 0 && paths.some(({ path }) => isOutsidePath(path) && !roots.includes(path));
  const leavesSandbox = fields.value('dangerouslyDisableSandbox') === true || fields.has('permissions');
  return [
    ...(block?.language === 'shellscript' ? risksOfCommand(block.text) : []),
    ...(isOutside && kind !== 'search' ? [outsideRisk()] : []),
    ...(leavesSandbox ? [sandboxRisk()] : []),
  ];
}

function isOutsidePath(path: string): boolean {
  return isAbsolutePath(path) || path.split(/[\\/]/).includes('..');
}

function languageOf(text: string): ToolBlock['language'] {
  return /^\s*[[{]/.test(text) ? 'json' : 'plaintext';
}

function withLine({ path, line }: { path: string; line?: number | undefined }): ToolPath {
  return { path, ...(line === undefined ? {} : { line }) };
}

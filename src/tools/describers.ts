/** How each kind of call is described. A describer takes the fields that it shows. */
import * as l10n from '@vscode/l10n';
import { displayedPath } from './displayedPath';
import { PATH_FIELDS, takeEdits } from './fileEdits';
import { withoutShell } from './shellCommand';
import type { FileEdit, RecordedTool, ToolBlock, ToolDescription, ToolKind } from './toolDescription';
import type { ToolFields } from './toolFields';
import { isEditorCommand } from './toolKinds';
import { questionsOfForm, takeQuestions } from './toolQuestions';
import { takeSteps } from './toolSteps';

type Describer = (tool: RecordedTool, fields: ToolFields, roots: readonly string[]) => Partial<ToolDescription>;

export const DESCRIBERS: Record<ToolKind, Describer> = {
  shell: describeShell,
  edit: describeEdit,
  write: describeEdit,
  read: describeRead,
  search: describeSearch,
  fetch: describeFetch,
  plan: describePlan,
  todo: describeTodo,
  question: describeQuestion,
  agent: describeAgent,
  other: describeOther,
};

function describeShell(
  { title, input }: RecordedTool,
  fields: ToolFields,
  roots: readonly string[],
): Partial<ToolDescription> {
  const block = takeCommand(fields, roots) ?? (typeof input === 'string' ? undefined : shellBlock(title));
  return {
    ...noteOf(fields.text('description', 'reason', 'justification')),
    ...(block === undefined ? {} : { title: firstLine(block.text), block }),
  };
}

/** Takes the command, and the folder in which it runs where that is the worktree. */
function takeCommand(fields: ToolFields, roots: readonly string[]): ToolBlock | undefined {
  const command = fields.text('command', 'cmd', 'script', 'title') ?? commandOfWords(fields.words('command'));
  if (command === undefined) return undefined;
  for (const root of roots) fields.equals('cwd', root);
  return shellBlock(withoutShell(command));
}

/** The words of a command as one would type them. */
function commandOfWords(words: readonly string[] | undefined): string | undefined {
  return words?.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)).join(' ');
}

function shellBlock(text: string): ToolBlock {
  return { text, language: 'shellscript' };
}

function describeEdit(tool: RecordedTool, fields: ToolFields, roots: readonly string[]): Partial<ToolDescription> {
  if (isEditorCommand(tool.name)) fields.text('command');
  const edits = takeEdits(fields)?.map((edit) => displayed(edit, roots));
  if (edits === undefined) return noteOf(fields.text('reason'));
  const [first, ...others] = edits;
  return {
    ...noteOf(fields.text('reason', 'description')),
    ...(first === undefined ? {} : { title: others.length > 0 ? titleOfEdits(edits) : titleOfEdit(first) }),
    edits,
    paths: edits.flatMap(({ path, movedTo }) => (movedTo === undefined ? [{ path }] : [{ path }, { path: movedTo }])),
  };
}

function displayed(edit: FileEdit, roots: readonly string[]): FileEdit {
  const moved = edit.movedTo === undefined ? {} : { movedTo: displayedPath(edit.movedTo, roots) };
  return { ...edit, path: displayedPath(edit.path, roots), ...moved };
}

function titleOfEdit({ path, change, movedTo }: FileEdit): string {
  if (movedTo !== undefined) return l10n.t('Move {0} to {1}', path, movedTo);
  if (change === 'deleted') return l10n.t('Delete {0}', path);
  return change === 'written' || change === 'added' ? l10n.t('Write {0}', path) : l10n.t('Edit {0}', path);
}

function titleOfEdits(edits: readonly FileEdit[]): string {
  return l10n.t('Edit {0} files', edits.length);
}

function describeRead(tool: RecordedTool, fields: ToolFields, roots: readonly string[]): Partial<ToolDescription> {
  if (isEditorCommand(tool.name)) fields.text('command');
  const block = takeCommand(fields, roots);
  if (block !== undefined) return { title: firstLine(block.text), block };
  const path = takePath(fields, roots);
  if (path === undefined) return {};
  const [from, lines] = [fields.count('offset'), fields.count('limit')];
  const title =
    from === undefined && lines === undefined
      ? l10n.t('Read {0}', path)
      : l10n.t(
          'Read {0}, lines {1}',
          path,
          lines === undefined ? `${String(from)}–` : `${String(from ?? 1)}–${String((from ?? 1) + lines - 1)}`,
        );
  return { title, paths: [{ path, ...(from === undefined ? {} : { line: from }) }] };
}

function describeSearch(tool: RecordedTool, fields: ToolFields, roots: readonly string[]): Partial<ToolDescription> {
  const block = takeCommand(fields, roots);
  if (block !== undefined) return { title: firstLine(block.text), block };
  const isByName = /glob|find|list|^ls$|tree/i.test(tool.name);
  const pattern = fields.text('pattern', 'query', 'glob');
  const folder = takePath(fields, roots) ?? fields.text('dir_path');
  if (folder !== undefined && roots.includes(folder))
    return { title: searchTitle(pattern, undefined, isByName) ?? tool.title };
  return {
    title: searchTitle(pattern, folder, isByName) ?? tool.title,
    ...(folder === undefined ? {} : { paths: [{ path: folder }] }),
  };
}

function searchTitle(pattern: string | undefined, folder: string | undefined, isByName: boolean): string | undefined {
  if (pattern === undefined) return folder === undefined ? undefined : l10n.t('List {0}', folder);
  if (isByName) return folder === undefined ? l10n.t('Find {0}', pattern) : l10n.t('Find {0} in {1}', pattern, folder);
  return folder === undefined
    ? l10n.t('Search for “{0}”', pattern)
    : l10n.t('Search for “{0}” in {1}', pattern, folder);
}

function describeFetch(_tool: RecordedTool, fields: ToolFields): Partial<ToolDescription> {
  const url = fields.text('url');
  const query = url === undefined ? fields.text('query') : undefined;
  return {
    ...noteOf(fields.text('prompt')),
    ...(url === undefined ? {} : { title: l10n.t('Fetch {0}', url) }),
    ...(query === undefined ? {} : { title: l10n.t('Search the web for “{0}”', query) }),
  };
}

function describePlan(_tool: RecordedTool, fields: ToolFields): Partial<ToolDescription> {
  const plan = fields.text('plan');
  return {
    title: l10n.t('Plan'),
    ...(plan === undefined ? {} : { block: { text: plan, language: 'markdown' } }),
  };
}

function describeTodo({ title }: RecordedTool, fields: ToolFields): Partial<ToolDescription> {
  const steps = takeSteps(fields);
  return steps === undefined
    ? { title }
    : { ...noteOf(fields.text('explanation')), title: l10n.t('Update the plan'), steps };
}

function describeQuestion(_tool: RecordedTool, fields: ToolFields): Partial<ToolDescription> {
  const questions = takeQuestions(fields) ?? questionsOfForm(fields.value('form'));
  return { questions };
}

/** A task for another agent. */
function describeAgent({ title }: RecordedTool, fields: ToolFields): Partial<ToolDescription> {
  const task = fields.text('description');
  const prompt = fields.text('prompt');
  return {
    title: task ?? title,
    ...(prompt === undefined ? {} : { block: { text: prompt, language: 'markdown' } }),
  };
}

function describeOther({ name, title }: RecordedTool): Partial<ToolDescription> {
  const [, server, own] = /^mcp__(.+?)__(.+)$/.exec(name) ?? [];
  return server !== undefined && own !== undefined && title === name ? { title: `${server}: ${own}` } : {};
}

function takePath(fields: ToolFields, roots: readonly string[]): string | undefined {
  const path = fields.text(...PATH_FIELDS);
  return path === undefined ? undefined : displayedPath(path, roots);
}

function noteOf(note: string | undefined): { note?: string } {
  return note === undefined || note === '' ? {} : { note };
}

function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0] ?? '';
}

import type { ToolCategory } from '../storage/events';
import type { ToolKind } from './toolDescription';

/** The names of the agents' tools, in lower case. Some agents of the Agent Client Protocol send a kind as the name. */
const NAMES: Partial<Record<ToolKind, readonly string[]>> = {
  shell: ['bash', 'powershell', 'monitor', 'shell', 'exec_command', 'local_shell', 'run_shell_command', 'execute'],
  edit: [
    ...['edit', 'multiedit', 'notebookedit', 'apply_patch', 'patch', 'replace', 'str_replace', 'delete', 'move'],
    'insert',
  ],
  write: ['write', 'write_file', 'create'],
  read: ['read', 'notebookread', 'readmcpresource', 'read_file', 'read_many_files', 'view', 'view_image', 'analyze'],
  search: [
    ...['glob', 'grep', 'ls', 'list', 'tree', 'search', 'toolsearch', 'grep_search', 'search_file_content'],
    'list_directory',
  ],
  fetch: ['webfetch', 'websearch', 'fetch', 'web_fetch', 'web_search', 'google_web_search'],
  plan: ['exitplanmode', 'exit_plan_mode', 'switch_mode'],
  todo: ['todowrite', 'todo_write', 'write_todos', 'update_plan'],
  question: ['askuserquestion', 'ask_user', 'question', 'requestuserinput'],
  agent: ['task', 'agent'],
};
const KIND_OF_NAME = new Map(
  Object.entries(NAMES).flatMap(([kind, names]) =>
    // The kind is a key of the table above.
    names.map((name) => [name, kind as ToolKind] as const),
  ),
);

const KIND_OF_CATEGORY: Record<ToolCategory, ToolKind> = {
  read: 'read',
  edit: 'edit',
  delete: 'edit',
  move: 'edit',
  search: 'search',
  execute: 'shell',
  fetch: 'fetch',
  think: 'other',
  other: 'other',
};

/** Tools of Goose and of Anthropic's models whose field `command` names the kind of the call. */
const EDITORS: ReadonlySet<string> = new Set(['text_editor', 'str_replace_editor', 'str_replace_based_edit_tool']);

/** The kind by the tool's name, else by its category; undefined where its input has to tell. */
export function kindOf(name: string, category: ToolCategory | undefined, command: unknown): ToolKind | undefined {
  const own = name.toLowerCase().replace(/^developer__/, '');
  const named = EDITORS.has(own) && typeof command === 'string' ? command : own;
  const kind = KIND_OF_NAME.get(named);
  // Codex and its kin read and search by commands, and know which these are.
  if (kind === 'shell' && (category === 'read' || category === 'search')) return category;
  if (kind !== undefined) return kind;
  return category === undefined || category === 'other' || category === 'think'
    ? undefined
    : KIND_OF_CATEGORY[category];
}

export function isEditorCommand(name: string): boolean {
  return EDITORS.has(name.toLowerCase().replace(/^developer__/, ''));
}

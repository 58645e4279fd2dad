/** Tool calls of an agent that speaks the Agent Client Protocol: gathered from many small updates, told as one call and one result each. */
import { isAbsolute, resolve } from 'node:path';
import { createTwoFilesPatch, diffLines } from 'diff';
import * as v from 'valibot';
import type { EventData, ToolCategory } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { AcpDiff, AcpToolUpdate } from './acpMessages';
import { contentText } from './acpMessages';
import type { AcpQuirks } from './acpQuirks';
import type { ConversationHost } from '../driver/driver';
import { shownPath } from '../driver/shownPath';

/** Beyond this a change is told without its lines: git has them. */
const MAX_EDIT = 10_000;
/** Ended calls that are remembered, because agents still say things about them. */
const REMEMBERED = 10_000;

interface Call extends AcpToolUpdate {
  isTold: boolean;
  isDenied: boolean;
}

export class AcpTools {
  readonly #host: ConversationHost;
  readonly #root: string;
  readonly #quirks: AcpQuirks;
  readonly #open = new Map<string, Call>();
  readonly #ended = new Set<string>();

  constructor(host: ConversationHost, root: string, quirks: AcpQuirks) {
    this.#host = host;
    this.#root = root;
    this.#quirks = quirks;
  }

  /** An update tells only what changed. */
  read(update: AcpToolUpdate): void {
    const id = update.toolCallId;
    if (this.#ended.has(id)) return;
    const call: Call = { isTold: false, isDenied: false, ...this.#open.get(id), ...present(update) };
    this.#open.set(id, call);
    const { status } = call;
    const hasBegun = status ? status !== 'pending' : !isEmpty(call.rawInput);
    if (hasBegun) this.#tell(call);
    if (status === 'completed' || status === 'failed') this.#end(call, status);
  }

  /** The call that a question is about, told before it. */
  ask(update: AcpToolUpdate): { title: string; name: string; input: unknown } {
    this.read(update);
    const call = this.#open.get(update.toolCallId) ?? { isTold: true, isDenied: false, ...update };
    this.#tell(call);
    return { title: titleOf(call, this.#locationsOf(call)[0]?.path), name: nameOf(call), input: inputOf(call) };
  }

  /** True for an edit of files inside the worktree, and nothing of git's own. */
  isOwnEdit(update: AcpToolUpdate): boolean {
    const call = this.#open.get(update.toolCallId);
    if (call === undefined || this.#categoryOf(call) !== 'edit') return false;
    const input = v.safeParse(pathSchema, call.rawInput);
    const paths = [
      ...(call.locations ?? []).map(({ path }) => path),
      ...(call.content ?? []).flatMap((content) => (content.type === 'diff' ? [content.path] : [])),
      ...(input.success ? Object.values(input.output).filter((path) => path !== undefined) : []),
    ].map((path) => shownPath(resolve(this.#root, path), [this.#root]));
    return paths.length > 0 && paths.every((path) => !isAbsolute(path) && !/(^|\/)\.git(\/|$)/i.test(path));
  }

  deny(id: string): void {
    const call = this.#open.get(id);
    if (call !== undefined) call.isDenied = true;
  }

  /** The turn is over: of what is still open nothing more is heard, which some agents do even with calls that went well. */
  close(status: 'completed' | 'failed'): void {
    for (const call of this.#open.values()) {
      this.#tell(call);
      this.#end(call, status);
    }
  }

  #tell(call: Call): void {
    if (call.isTold) return;
    call.isTold = true;
    const locations = this.#locationsOf(call);
    const data = {
      callId: call.toolCallId,
      name: nameOf(call),
      title: titleOf(call, locations[0]?.path),
      input: inputOf(call),
      category: this.#categoryOf(call),
      locations,
    };
    this.#host.emit({ kind: 'tool.call', data });
    const plan = planOf(call.rawInput);
    if (plan !== undefined) this.#host.emit({ kind: 'plan', data: plan });
  }

  #end(call: Call, status: 'completed' | 'failed'): void {
    this.#open.delete(call.toolCallId);
    this.#ended.add(call.toolCallId);
    const [oldest] = this.#ended;
    if (oldest !== undefined && this.#ended.size > REMEMBERED) this.#ended.delete(oldest);
    const isDone = status === 'completed' && !call.isDenied;
    this.#host.emit({
      kind: 'tool.result',
      data: {
        callId: call.toolCallId,
        status: isDone ? 'ok' : call.isDenied ? 'denied' : 'failed',
        output: outputOf(call),
      },
    });
    if (isDone) for (const data of this.#changesOf(call)) this.#host.emit({ kind: 'file.change', data });
  }

  /** Without the working directory itself, which says nothing. Some tell the file only by what they give to the tool. */
  #locationsOf(call: AcpToolUpdate): EventData<'tool.call'>['locations'] {
    const input = v.safeParse(pathSchema, call.rawInput);
    const given = input.success ? Object.values(input.output).filter((path) => path !== undefined) : [];
    const told = call.locations ?? [];
    return (told.length > 0 ? told : given.map((path) => ({ path, line: undefined })))
      .filter(({ path }) => path !== this.#root)
      .map(({ path, line }) => ({
        path: shownPath(path, [this.#root]),
        ...(line === undefined || line === null ? {} : { line }),
      }));
  }

  #changesOf(call: Call): EventData<'file.change'>[] {
    const diffs = (call.content ?? []).filter((content) => content.type === 'diff');
    if (diffs.length > 0) return diffs.map((diff) => this.#changeOf(diff, call));
    if (this.#categoryOf(call) !== 'edit') return [];
    // An edit that tells no lines: which file it was is still worth knowing.
    const change = wasCreated(call) ? 'added' : 'modified';
    return (call.locations ?? []).map(({ path }) => ({
      path: shownPath(path, [this.#root]),
      change,
      callId: call.toolCallId,
    }));
  }

  #categoryOf(call: Call): ToolCategory {
    const name = nameOf(call);
    const categories = this.#quirks.categories ?? {};
    const own = Object.hasOwn(categories, name) ? categories[name] : undefined;
    return own ?? (call.kind && call.kind !== 'switch_mode' ? call.kind : 'other');
  }

  #changeOf({ path, oldText, newText, _meta: meta }: AcpDiff, { toolCallId: callId }: Call): EventData<'file.change'> {
    const shown = shownPath(path, [this.#root]);
    const isNew = oldText === null || oldText === undefined || meta?.kind === 'add';
    const change: EventData<'file.change'> = { path: shown, change: isNew ? 'added' : 'modified', callId };
    const before = oldText ?? '';
    const lines = diffLines(before, newText, { maxEditLength: MAX_EDIT });
    const diff = createTwoFilesPatch(
      isNew ? '/dev/null' : `a/${shown}`,
      `b/${shown}`,
      before,
      newText,
      undefined,
      undefined,
      {
        maxEditLength: MAX_EDIT,
        headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
      },
    );
    if (lines === undefined || diff === undefined) return change;
    const linesOf = (kind: 'added' | 'removed'): number =>
      lines.reduce((sum, part) => sum + (part[kind] ? part.count : 0), 0);
    return { ...change, addedLines: linesOf('added'), removedLines: linesOf('removed'), diff };
  }
}

/** Only what an update really tells. */
function present(update: AcpToolUpdate): AcpToolUpdate {
  const told = Object.entries(update).filter(([, value]) => value !== undefined && value !== null);
  return { ...Object.fromEntries(told), toolCallId: update.toolCallId };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

const metaSchema = v.union([
  v.pipe(
    v.object({ goose: v.object({ toolCall: v.object({ toolName: v.string() }) }) }),
    v.transform((meta) => meta.goose.toolCall.toolName),
  ),
  v.pipe(
    v.object({ claudeCode: v.object({ toolName: v.string() }) }),
    v.transform((meta) => meta.claudeCode.toolName),
  ),
]);

function nameOf(call: AcpToolUpdate): string {
  const own = v.safeParse(metaSchema, call._meta);
  return call.name ?? (own.success ? own.output : undefined) ?? call.kind ?? 'tool';
}

const pathSchema = v.object({
  path: v.optional(v.string()),
  file_path: v.optional(v.string()),
  filePath: v.optional(v.string()),
});
const commandSchema = v.object({ command: v.pipe(v.string(), v.minLength(1)) });

/** A command says more than what an agent calls it; a bare verb, or one with a path cut short, less than one with its file. */
function titleOf(call: AcpToolUpdate, path: string | undefined): string {
  const command = v.safeParse(commandSchema, call.rawInput);
  const title = oneLine(command.success ? command.output.command : (call.title ?? ''));
  const shown = title === '' ? nameOf(call) : title;
  const [verb = ''] = shown.split(' · ');
  return path !== undefined && /^[a-z_]+$/i.test(verb) ? oneLine(`${verb} ${path}`) : shown;
}

function inputOf(call: AcpToolUpdate): unknown {
  return call.rawInput ?? {};
}

const terminalOutputSchema = v.object({ terminal_output_delta: v.object({ data: v.string() }) });

function outputOf(call: Call): string {
  if (typeof call.rawOutput === 'string') return call.rawOutput;
  const text = (call.content ?? [])
    .flatMap((content) => (content.type === 'content' ? [contentText(content.content)] : []))
    .join('\n');
  const terminal = v.safeParse(terminalOutputSchema, call._meta);
  if (terminal.success) return terminal.output.terminal_output_delta.data;
  return text === '' && !isEmpty(call.rawOutput) ? JSON.stringify(call.rawOutput) : text;
}

const createdSchema = v.object({ metadata: v.object({ exists: v.literal(false) }) });

/** opencode notes that the file was not there; Goose says so. */
function wasCreated(call: Call): boolean {
  return v.is(createdSchema, call.rawOutput) || outputOf(call).startsWith('Created ');
}

const todoSchema = v.object({
  todos: v.array(v.object({ content: v.string(), status: v.picklist(['pending', 'in_progress', 'completed']) })),
});

/** Some agents keep their plan by a tool instead of telling it. */
function planOf(input: unknown): EventData<'plan'> | undefined {
  const parsed = v.safeParse(todoSchema, input);
  return parsed.success
    ? { entries: parsed.output.todos.map(({ content, status }) => ({ text: content, status })) }
    : undefined;
}

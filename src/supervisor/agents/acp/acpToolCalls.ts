import type { EventData } from '../../../storage/events';
import type { ConversationHost } from '../driver/driver';
import { planOfTodos } from '../driver/todoPlan';
import type { ToolCategories } from '../driver/toolCategories';
import { editedPaths } from './acpEdits';
import { fileChangesOf } from './acpFileChanges';
import { inputOf, inputOfQuestion } from './acpInput';
import type { AcpToolUpdate } from './acpMessages';
import { categoryOf, isEmpty, locationsOf, nameOf, outputOf, questionAbout, titleOf } from './acpTools';

/** Ended calls are remembered, because agents go on sending updates about them. */
const MAX_REMEMBERED_CALLS = 10_000;

interface Call extends AcpToolUpdate {
  isEmitted: boolean;
  isDenied: boolean;
}

/** The tool calls of one conversation: many small updates become one `tool.call` and one `tool.result` each. */
export class AcpToolCalls {
  readonly #host: ConversationHost;
  readonly #cwd: string;
  readonly #categories: ToolCategories | undefined;
  readonly #open = new Map<string, Call>();
  readonly #endedIds = new Set<string>();

  constructor(host: ConversationHost, cwd: string, categories: ToolCategories | undefined) {
    this.#host = host;
    this.#cwd = cwd;
    this.#categories = categories;
  }

  /** An update contains only the fields that changed. */
  read(update: AcpToolUpdate): void {
    const id = update.toolCallId;
    if (this.#endedIds.has(id)) return;
    const call: Call = { isEmitted: false, isDenied: false, ...this.#open.get(id), ...changedFields(update) };
    this.#open.set(id, call);
    const { status } = call;
    const hasBegun = status ? status !== 'pending' : !isEmpty(call.rawInput);
    if (hasBegun) this.#emitCall(call);
    if (status === 'completed' || status === 'failed') this.#end(call, status);
  }

  /** Describes the call of a permission request, and emits the call before the request. */
  describe(update: AcpToolUpdate): { title: string; isWhole: boolean; name: string; input: unknown } {
    this.read(update);
    const call = this.#open.get(update.toolCallId) ?? { isEmitted: true, isDenied: false, ...update };
    this.#emitCall(call);
    const question = questionAbout(call, categoryOf(call, this.#categories), this.#cwd, inputOf(call));
    return { ...question, name: nameOf(call), input: inputOfQuestion(call, question.title) };
  }

  /** Every path that an open call would change; undefined where it may do more than edit. */
  editedPaths({ toolCallId }: AcpToolUpdate): string[] | undefined {
    const call = this.#open.get(toolCallId);
    return call === undefined ? undefined : editedPaths(call, this.#categories !== undefined);
  }

  deny(id: string): void {
    const call = this.#open.get(id);
    if (call !== undefined) call.isDenied = true;
  }

  /** The turn is over. Some agents never report the end of a call, even of one that succeeded. */
  close(status: 'completed' | 'failed'): void {
    for (const call of this.#open.values()) {
      this.#emitCall(call);
      this.#end(call, status);
    }
  }

  #emitCall(call: Call): void {
    if (call.isEmitted) return;
    call.isEmitted = true;
    const locations = locationsOf(call, this.#cwd);
    const data: EventData<'tool.call'> = {
      callId: call.toolCallId,
      name: nameOf(call),
      title: titleOf(call, locations[0]?.path),
      input: inputOf(call),
      category: categoryOf(call, this.#categories),
      locations,
    };
    this.#host.emit({ kind: 'tool.call', data });
    const plan = planOfTodos(call.rawInput);
    if (plan !== undefined) this.#host.emit({ kind: 'plan', data: plan });
  }

  #end(call: Call, status: 'completed' | 'failed'): void {
    this.#forget(call.toolCallId);
    const isDone = status === 'completed' && !call.isDenied;
    this.#host.emit({
      kind: 'tool.result',
      data: {
        callId: call.toolCallId,
        status: isDone ? 'ok' : call.isDenied ? 'denied' : 'failed',
        output: outputOf(call),
      },
    });
    if (!isDone) return;
    for (const data of fileChangesOf(call, categoryOf(call, this.#categories), this.#cwd))
      this.#host.emit({ kind: 'file.change', data });
  }

  #forget(id: string): void {
    this.#open.delete(id);
    this.#endedIds.add(id);
    const [oldest] = this.#endedIds;
    if (oldest !== undefined && this.#endedIds.size > MAX_REMEMBERED_CALLS) this.#endedIds.delete(oldest);
  }
}

function changedFields(update: AcpToolUpdate): AcpToolUpdate {
  const fields = Object.entries(update).filter(([, value]) => value !== undefined && value !== null);
  return { ...Object.fromEntries(fields), toolCallId: update.toolCallId };
}

import type { DraftEvent, EventData } from '../../../storage/events';
import { pictureOf, picturesField } from '../driver/pictures';
import type { ClaudeBlock, ClaudeOf } from './claudeMessages';
import { isRefused } from './claudeMessages';
import { describeTool, fileChangeOf, planOf, questionAbout, resultText } from './claudeTools';

/** The tool calls of one conversation, and their results. */
export class ClaudeToolCalls {
  readonly #emit: (event: DraftEvent) => void;
  /** The working directory in each spelling that Claude has used: it resolves symbolic links. */
  readonly #roots: string[];
  readonly #deniedIds = new Set<string>();

  constructor(emit: (event: DraftEvent) => void, cwd: string) {
    this.#emit = emit;
    this.#roots = [cwd];
  }

  addRoot(cwd: string): void {
    if (!this.#roots.includes(cwd)) this.#roots.push(cwd);
  }

  questionAbout(name: string, input: unknown): { title: string; isWhole: boolean } {
    return questionAbout(name, input, this.#roots);
  }

  /** The result of this call will be an error because a person or a rule denied it. */
  deny(callId: string): void {
    this.#deniedIds.add(callId);
  }

  readCall(
    { id: callId, name, input }: Extract<ClaudeBlock, { type: 'tool_use' | 'server_tool_use' }>,
    parentCallId: string | undefined,
  ): void {
    const parent = parentCallId === undefined ? {} : { parentCallId };
    this.#emit({
      kind: 'tool.call',
      data: { callId, name, input, ...describeTool(name, input, this.#roots), ...parent },
    });
    const plan = planOf(name, input);
    if (plan !== undefined) this.#emit({ kind: 'plan', data: plan });
  }

  /** `isOnly`: the message has no other result, so that its `tool_use_result` belongs to this one. */
  readResult(
    { tool_use_id: callId, is_error: isError, content }: Extract<ClaudeBlock, { type: 'tool_result' }>,
    { tool_result_meta: meta, tool_use_result: details }: ClaudeOf<'user'>,
    isOnly: boolean,
  ): void {
    const isDenied = isError && (this.#deniedIds.has(callId) || isRefused(meta, callId));
    const status: EventData<'tool.result'>['status'] = isDenied ? 'denied' : isError ? 'failed' : 'ok';
    const pictures = typeof content === 'string' ? [] : content.flatMap((block) => pictureOf(block) ?? []);
    const data = { callId, status, output: resultText(content), ...picturesField(pictures) };
    this.#emit({ kind: 'tool.result', data });
    const change = isOnly && !isError ? fileChangeOf(details, callId, this.#roots) : undefined;
    if (change !== undefined) this.#emit({ kind: 'file.change', data: change });
  }
}

import { randomUUID } from 'node:crypto';

/** Writes the messages of Claude's protocol to stdout. */
export class DemoWire {
  readonly #sessionId: string;
  #costUsd = 0;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  write(message: object): boolean {
    return process.stdout.write(`${JSON.stringify(message)}\n`);
  }

  /** Waits until stdout accepts more, so that a flood does not fill the memory. */
  async drained(): Promise<void> {
    if (process.stdout.writableNeedDrain) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }

  init(facts: { model: string; permissionMode: string }): void {
    this.#send({
      type: 'system',
      subtype: 'init',
      cwd: process.cwd(),
      tools: ['Bash', 'Edit', 'Read', 'TodoWrite', 'Write'],
      mcp_servers: [],
      ...facts,
      apiKeySource: 'none',
      claude_code_version: 'demo',
    });
  }

  echo(text: string, uuid: string): void {
    this.#send({
      type: 'user',
      message: { role: 'user', content: [{ type: 'text', text }] },
      parent_tool_use_id: null,
      uuid,
      isReplay: true,
    });
  }

  /** Sends a text in pieces, then whole, as `--include-partial-messages` does. */
  streamed(text: string): void {
    const id = messageId();
    const event = (body: object): void => this.#send({ type: 'stream_event', event: body, parent_tool_use_id: null });
    event({ type: 'message_start', message: { id, type: 'message', role: 'assistant', content: [] } });
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
    const half = Math.ceil(text.length / 2);
    for (const piece of [text.slice(0, half), text.slice(half)])
      event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: piece } });
    this.assistant({ type: 'text', text }, id);
    event({ type: 'content_block_stop', index: 0 });
    event({ type: 'message_stop' });
  }

  assistant(block: object, id = messageId()): void {
    this.#send({
      type: 'assistant',
      message: { id, type: 'message', role: 'assistant', model: 'demo', content: [block] },
      parent_tool_use_id: null,
    });
  }

  usageLimit(resetsAfterSeconds: number): void {
    const resetsAt = Math.ceil(Date.now() / 1000) + resetsAfterSeconds;
    this.#send({
      type: 'rate_limit_event',
      rate_limit_info: { status: 'rejected', resetsAt, rateLimitType: 'five_hour' },
    });
  }

  apiError(text: string, error: string): void {
    this.#send({
      type: 'assistant',
      message: { id: messageId(), role: 'assistant', content: [{ type: 'text', text }] },
      parent_tool_use_id: null,
      error,
      is_api_error_message: true,
    });
  }

  toolResult(
    callId: string,
    result: { output: string; isError: boolean; isDenied?: boolean; structured?: object },
  ): void {
    this.#send({
      type: 'user',
      message: {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: callId, content: result.output, is_error: result.isError }],
      },
      parent_tool_use_id: null,
      tool_use_result: result.structured ?? result.output,
      tool_result_meta: [
        { id: callId, permission_decision: { decision: result.isDenied === true ? 'reject' : 'accept' } },
      ],
    });
  }

  userNote(text: string): void {
    this.#send({
      type: 'user',
      message: { role: 'user', content: [{ type: 'text', text }] },
      parent_tool_use_id: null,
    });
  }

  result(end: {
    isError: boolean;
    subtype: string;
    turns: number;
    text?: string;
    terminalReason?: string;
    errors?: string[];
    outputTokens?: number;
  }): void {
    const usage = {
      inputTokens: end.turns * 1200,
      outputTokens: end.outputTokens ?? 0,
      cacheReadInputTokens: end.turns * 300,
      cacheCreationInputTokens: 0,
    };
    const costUsd = (usage.inputTokens * 3 + usage.outputTokens * 15) / 1_000_000;
    this.#costUsd += costUsd;
    this.#send({
      type: 'result',
      subtype: end.subtype,
      is_error: end.isError,
      num_turns: end.turns,
      stop_reason: end.isError ? null : 'end_turn',
      ...(end.terminalReason === undefined ? {} : { terminal_reason: end.terminalReason }),
      ...(end.text === undefined ? {} : { result: end.text }),
      ...(end.errors === undefined ? {} : { errors: end.errors }),
      total_cost_usd: this.#costUsd,
      usage: {
        input_tokens: usage.inputTokens,
        output_tokens: usage.outputTokens,
        cache_read_input_tokens: usage.cacheReadInputTokens,
        cache_creation_input_tokens: 0,
      },
      model_usage_since_last_result: { demo: { ...usage, costUSD: costUsd } },
      permission_denials: [],
    });
  }

  #send(message: object): void {
    this.write({ ...message, session_id: this.#sessionId, ...('uuid' in message ? {} : { uuid: randomUUID() }) });
  }
}

function messageId(): string {
  return `msg_${randomUUID()}`;
}

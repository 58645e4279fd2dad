/** How full Claude's context window is: what its requests and results tell of that. */
import * as v from 'valibot';
import { ContextReport } from '../driver/usage';
import { count, lenient, text, tokens } from '../driver/schemas';

/** What one request to the model took, or all of a turn together. */
export const requestTokens = v.object({
  input_tokens: tokens,
  output_tokens: tokens,
  cache_read_input_tokens: tokens,
  cache_creation_input_tokens: tokens,
});

export const compacted = v.object({
  type: v.literal('system'),
  subtype: v.literal('compact_boundary'),
  compact_metadata: lenient(v.object({ pre_tokens: lenient(count) })),
});

/** By the model's name. */
export const windows = lenient(v.record(text, v.object({ contextWindow: lenient(count) })));

interface Request {
  message: { model?: string | null | undefined; usage?: v.InferOutput<typeof requestTokens> | undefined };
  parent_tool_use_id?: string | null | undefined;
}

export class ClaudeContext extends ContextReport {
  #model: string | undefined;

  /** Sub-agents have a context window of their own, and what Claude says itself has used none. */
  readRequest({ message: { model, usage }, parent_tool_use_id: parentCallId }: Request): void {
    if (parentCallId || usage === undefined) return;
    const { input_tokens: fresh, cache_read_input_tokens: read, cache_creation_input_tokens: written } = usage;
    if (fresh + read + written === 0) return;
    const used = { usedTokens: fresh + read + written + usage.output_tokens };
    if (model === this.#model) return this.tell(used);
    this.#model = model ?? undefined;
    this.tell(used, {}); // what this model's window holds is not known yet
  }

  /** Only results tell how much each model's window holds. */
  readResult({ modelUsage = {} }: { modelUsage?: v.InferOutput<typeof windows> }): void {
    const limitTokens = this.#model === undefined ? undefined : modelUsage[this.#model]?.contextWindow;
    if (limitTokens !== undefined && limitTokens > 0) this.tell({ limitTokens });
  }

  readCompaction({ compact_metadata: metadata }: v.InferOutput<typeof compacted>): void {
    this.compacted(metadata?.pre_tokens);
  }
}

/** A question that was asked beside a session's work, and its answer, folded from the aside's own journal. */
import * as v from 'valibot';
import type { NumberedEvent } from './events';
import { idSchema } from './ids';

const text = v.string();

export const ASIDE_STATES = ['answering', 'answered', 'failed', 'cancelled'] as const;

export const asideSchema = v.object({
  id: idSchema,
  /** The agent that answers. */
  agent: text,
  question: text,
  /** What it has said so far, at most 100,000 characters. */
  answer: text,
  state: v.picklist(ASIDE_STATES),
  /** Why it failed, in a sentence. */
  reason: v.exactOptional(text),
  /** ISO 8601 UTC. */
  askedAt: text,
  endedAt: v.exactOptional(text),
});
export type Aside = v.InferOutput<typeof asideSchema>;

const MAX_ANSWER_CHARACTERS = 100_000;

/** The aside as its journal tells it. One without `run.exited` is still `answering`. */
export function foldAside(
  asked: Pick<Aside, 'id' | 'agent' | 'question' | 'askedAt'>,
  events: readonly NumberedEvent[],
): Aside {
  const said: string[] = [];
  let failure: string | undefined;
  let ending: Pick<Aside, 'state' | 'reason' | 'endedAt'> = { state: 'answering' };
  for (const { draft, timestamp } of events) {
    if (draft.kind === 'message' && draft.data.role === 'assistant') said.push(draft.data.text);
    if (draft.kind === 'turn.ended' && draft.data.failed) failure = draft.data.message ?? draft.data.stopReason;
    if (draft.kind !== 'run.exited') continue;
    const { outcome, reason } = draft.data;
    if (outcome === 'stopped' || outcome === 'killed') ending = { state: 'cancelled', endedAt: timestamp };
    else if (outcome === 'completed' && failure === undefined && said.length > 0)
      ending = { state: 'answered', endedAt: timestamp };
    else ending = { state: 'failed', reason: failure ?? (outcome === 'completed' ? '' : reason), endedAt: timestamp };
  }
  return { ...asked, answer: said.join('\n\n').slice(0, MAX_ANSWER_CHARACTERS), ...ending };
}

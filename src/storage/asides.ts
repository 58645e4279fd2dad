/** A question that was asked beside a session's work, and its answer, folded from the aside's own journal. */
import * as v from 'valibot';
import { NO_USAGE, plusUsage, usageTotalsSchema, type NumberedEvent, type UsageTotals } from './events';
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
  /** As far as the agent told of it; the session's totals have it as well. */
  usage: v.exactOptional(usageTotalsSchema),
});
export type Aside = v.InferOutput<typeof asideSchema>;

const MAX_ANSWER_CHARACTERS = 100_000;
/** The code of the error by which the runner of an aside says that a budget is used up. */
export const BUDGET_ERROR = 'BUDGET';

/** The aside as its journal tells it. One without `run.exited` is still `answering`. */
export function foldAside(
  asked: Pick<Aside, 'id' | 'agent' | 'question' | 'askedAt'>,
  events: readonly NumberedEvent[],
): Aside {
  const said: string[] = [];
  let failure: string | undefined;
  let overBudget: string | undefined;
  let usage: Aside['usage'];
  let ending: Pick<Aside, 'state' | 'reason' | 'endedAt'> = { state: 'answering' };
  for (const { draft, timestamp } of events) {
    if (draft.kind === 'message' && draft.data.role === 'assistant') said.push(draft.data.text);
    if (draft.kind === 'turn.ended' && draft.data.failed) failure = draft.data.message ?? draft.data.stopReason;
    if (draft.kind === 'usage') usage = plusUsage(usage ?? NO_USAGE, draft.data);
    if (draft.kind === 'error' && draft.data.code === BUDGET_ERROR) overBudget = draft.data.message;
    if (draft.kind !== 'run.exited') continue;
    const { outcome, reason } = draft.data;
    if (overBudget !== undefined) ending = { state: 'failed', reason: overBudget, endedAt: timestamp };
    else if (outcome === 'stopped' || outcome === 'killed') ending = { state: 'cancelled', endedAt: timestamp };
    else if (outcome === 'completed' && failure === undefined && said.length > 0)
      ending = { state: 'answered', endedAt: timestamp };
    else ending = { state: 'failed', reason: failure ?? (outcome === 'completed' ? '' : reason), endedAt: timestamp };
  }
  const answer = said.join('\n\n').slice(0, MAX_ANSWER_CHARACTERS);
  return { ...asked, answer, ...ending, ...(usage === undefined ? {} : { usage }) };
}

/** The sum of what asides used. */
export function usageOfAsides(asides: readonly Aside[]): UsageTotals {
  return asides.map(({ usage }) => usage ?? NO_USAGE).reduce(plusUsage, NO_USAGE);
}

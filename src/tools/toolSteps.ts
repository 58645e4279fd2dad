import * as v from 'valibot';
import type { ToolStep } from './toolDescription';
import type { ToolFields } from './toolFields';

const words = v.optional(v.string());
const stepSchema = v.object({
  content: words,
  description: words,
  step: words,
  text: words,
  status: v.optional(v.string(), 'pending'),
});

/** The statuses of all agents. Others are pending, with their own word beside the text. */
const STATUSES: Readonly<Record<string, ToolStep['status']>> = {
  pending: 'pending',
  in_progress: 'in_progress',
  inProgress: 'in_progress',
  completed: 'completed',
  done: 'completed',
};

/** Takes the steps of a plan that the agent keeps with a tool; undefined where there are none that can be read. */
export function takeSteps(fields: ToolFields): ToolStep[] | undefined {
  for (const name of ['todos', 'plan', 'items', 'entries']) {
    const list = fields.list(name);
    if (list === undefined) continue;
    const steps = list.map(stepOf);
    if (steps.every((step) => step !== undefined)) return steps;
    fields.restore(name, list);
  }
  return undefined;
}

function stepOf(item: unknown): ToolStep | undefined {
  const parsed = v.safeParse(stepSchema, item);
  if (!parsed.success) return undefined;
  const { content, description, step, text, status } = parsed.output;
  const said = content ?? step ?? text ?? description;
  if (said === undefined) return undefined;
  const known = STATUSES[status];
  return { text: known === undefined ? `${said} (${status})` : said, status: known ?? 'pending' };
}

import * as v from 'valibot';
import type { EventData } from '../../../storage/events';

const todosSchema = v.object({
  todos: v.array(v.object({ content: v.string(), status: v.picklist(['pending', 'in_progress', 'completed']) })),
});

/** The plan in a tool's input, for agents that keep it with a tool; undefined where the input has no todo list. */
export function planOfTodos(input: unknown): EventData<'plan'> | undefined {
  const parsed = v.safeParse(todosSchema, input);
  return parsed.success
    ? { entries: parsed.output.todos.map(({ content, status }) => ({ text: content, status })) }
    : undefined;
}

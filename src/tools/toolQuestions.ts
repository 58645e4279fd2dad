/** Questions to a person in a tool's input: Claude's and Codex's own, and the forms of MCP servers. */
import * as v from 'valibot';
import type { ToolQuestion } from './toolDescription';
import { isRecord } from './toolFields';
import type { ToolFields } from './toolFields';

const optionFields = { label: v.string(), description: v.optional(v.nullable(v.string())) };
const questionFields = {
  question: v.string(),
  header: v.optional(v.nullable(v.string())),
  multiSelect: v.optional(v.nullable(v.boolean())),
};
const questionsSchema = v.pipe(
  v.array(v.object({ ...questionFields, options: v.optional(v.nullable(v.array(v.object(optionFields)))) })),
  v.minLength(1),
);
/** The same without any other field but Codex's name for a question. */
const wholeQuestionsSchema = v.array(
  v.strictObject({
    ...questionFields,
    id: v.optional(v.string()),
    options: v.optional(v.nullable(v.array(v.strictObject(optionFields)))),
  }),
);

const fieldSchema = v.object({
  type: v.optional(v.string()),
  title: v.optional(v.nullable(v.string())),
  description: v.optional(v.nullable(v.string())),
  enum: v.optional(v.array(v.string())),
  enumNames: v.optional(v.nullable(v.array(v.string()))),
  oneOf: v.optional(v.array(v.object({ const: v.string(), title: v.string() }))),
  items: v.optional(
    v.object({
      enum: v.optional(v.array(v.string())),
      anyOf: v.optional(v.array(v.object({ const: v.string(), title: v.string() }))),
    }),
  ),
});
const formSchema = v.object({ properties: v.record(v.string(), fieldSchema) });

/** Takes the questions of Claude's `AskUserQuestion` and of Codex; undefined where there are none that can be read. */
export function takeQuestions(fields: ToolFields): ToolQuestion[] | undefined {
  const list = fields.list('questions');
  if (list === undefined) return undefined;
  const parsed = v.safeParse(questionsSchema, list);
  if (!parsed.success) {
    fields.restore('questions', list);
    return undefined;
  }
  // What is not known of them is read from the list itself.
  if (!v.is(wholeQuestionsSchema, list)) fields.restore('questions', list);
  return parsed.output.map(({ question, header, multiSelect, options }) => ({
    text: question,
    ...(header ? { header } : {}),
    multiSelect: multiSelect === true,
    options: (options ?? []).map(({ label, description }) => optionOf(label, description)),
  }));
}

/** The questions that a form of an MCP server asks, one for each of its fields. The form itself stays a detail. */
export function questionsOfForm(form: unknown): ToolQuestion[] {
  const parsed = v.safeParse(formSchema, form);
  if (!parsed.success || !isRecord(form)) return [];
  return Object.entries(parsed.output.properties).map(([name, field]) => ({
    text: field.description ?? field.title ?? name,
    header: field.title ?? name,
    multiSelect: field.type === 'array',
    options: optionsOf(field),
  }));
}

function optionsOf({
  type,
  enum: words,
  enumNames,
  oneOf,
  items,
}: v.InferOutput<typeof fieldSchema>): ToolQuestion['options'] {
  const choices = oneOf ?? items?.anyOf;
  if (choices !== undefined) return choices.map(({ title }) => ({ label: title }));
  const values = words ?? items?.enum;
  if (values !== undefined) return values.map((value, index) => ({ label: enumNames?.[index] ?? value }));
  return type === 'boolean' ? [{ label: 'Yes' }, { label: 'No' }] : [];
}

function optionOf(label: string, description: string | null | undefined): ToolQuestion['options'][number] {
  return { label, ...(description ? { description } : {}) };
}

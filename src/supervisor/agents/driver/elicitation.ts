/** Questions of an MCP server, which an agent passes on to the person: `elicitation/create` of that protocol. */
import * as v from 'valibot';
import type { AnswerChoice } from './permissionRequests';
import { lenient, text } from './schemas';

const optionSchema = v.object({ const: text, title: text });
const fieldSchema = v.object({
  type: lenient(text),
  title: lenient(v.nullish(text)),
  default: v.optional(v.unknown()),
  items: lenient(v.object({ enum: lenient(v.array(text)), anyOf: lenient(v.array(optionSchema)) })),
  enum: lenient(v.array(text)),
  enumNames: lenient(v.nullish(v.array(text))),
  oneOf: lenient(v.array(optionSchema)),
});
type Field = v.InferOutput<typeof fieldSchema>;

/** The fields that agents pass on as the server sent them. */
export const elicitationFields = {
  message: text,
  mode: lenient(text),
  url: lenient(text),
  _meta: lenient(v.nullish(v.record(text, v.unknown()))),
};
const formSchema = v.object({
  properties: v.record(text, fieldSchema),
  required: lenient(v.nullish(v.array(text))),
});

export interface Elicitation {
  message: string;
  mode?: string | undefined;
  url?: string | undefined;
  /** The form's JSON schema, as the server sent it. */
  schema?: unknown;
  /** How long an approval may hold, where the agent offers more than this once. */
  persist: readonly string[];
}

/** The answer's `action` is one of `accept`, `decline` and `cancel`. */
export interface ElicitationAnswer {
  action: 'accept' | 'decline' | 'cancel';
  content?: Record<string, unknown>;
  _meta?: Record<string, unknown>;
}

type Choice = AnswerChoice<ElicitationAnswer>;

const DECLINE: Choice = {
  option: { optionId: 'decline', name: 'Deny', kind: 'reject_once' },
  response: { action: 'decline' },
};
const CANCEL: Choice = {
  option: { optionId: 'cancel', name: 'Deny and end the turn', kind: 'reject_once' },
  response: { action: 'cancel' },
};

/** What a person sees of the question beside its title. */
export function elicitationInput({ url, schema }: Elicitation): Record<string, unknown> {
  const form = v.safeParse(formSchema, schema);
  const hasFields = !form.success || Object.keys(form.output.properties).length > 0;
  return { ...(url === undefined ? {} : { url }), ...(schema === undefined || !hasFields ? {} : { form: schema }) };
}

/** What a person said to each question. */
export type Answers = readonly (readonly string[])[];

/** How a form with fields is answered: an answer for each field, in their order. Undefined for other questions. */
export function elicitationAnswer({
  mode,
  schema,
}: Elicitation): ((answers: Answers) => ElicitationAnswer) | undefined {
  const form = v.safeParse(formSchema, schema);
  if (mode === 'url' || !form.success) return undefined;
  const fields = Object.entries(form.output.properties);
  if (fields.length === 0) return undefined;
  return (answers) => ({
    action: 'accept',
    content: Object.fromEntries(
      fields.flatMap(([name, field], index) => {
        const said = (answers[index] ?? []).map((words) => valueOf(field, words));
        return said.length === 0 ? [] : [[name, field.type === 'array' ? said : said[0]]];
      }),
    ),
  });
}

/** The value that the words stand for: that of the option with this name, else the words as the field's type. */
function valueOf(field: Field, words: string): unknown {
  const named = (field.oneOf ?? field.items?.anyOf)?.find(({ title }) => title === words)?.const;
  if (named !== undefined) return named;
  const index = field.enumNames?.indexOf(words) ?? -1;
  if (index >= 0) return field.enum?.[index] ?? words;
  if (field.type === 'boolean') return words === 'Yes';
  const isNumber = (field.type === 'number' || field.type === 'integer') && words.trim() !== '';
  return isNumber && Number.isFinite(Number(words)) ? Number(words) : words;
}

/** The choices of a person. More than one field, or one without options, is answered by `elicitationAnswer`. */
export function elicitationChoices({ mode, schema, persist }: Elicitation): Choice[] {
  const form = v.safeParse(formSchema, schema);
  if (mode === 'url' || schema === undefined || schema === null) return [allow({}), DECLINE, CANCEL];
  const fields = form.success ? Object.entries(form.output.properties) : undefined;
  if (fields?.length === 0) return [allow({}), ...persist.flatMap(allowAlways), DECLINE, CANCEL];
  const [first, ...others] = fields ?? [];
  const isSingle = first !== undefined && others.length === 0;
  const values = isSingle ? valuesOf(first[1]) : undefined;
  const doNotAnswer: Choice = { ...DECLINE, option: { ...DECLINE.option, name: 'Do not answer' } };
  if (isSingle && values !== undefined)
    return [...values.map(({ value, name }, index) => answer(index, name, { [first[0]]: value })), doNotAnswer, CANCEL];
  const defaults = defaultsOf(fields ?? [], (form.success ? form.output.required : undefined) ?? []);
  return [
    ...(defaults === undefined ? [] : [answer('defaults', 'Answer with the proposed values', defaults)]),
    doNotAnswer,
    CANCEL,
  ];
}

function allow(content: Record<string, unknown>): Choice {
  return {
    option: { optionId: 'accept', name: 'Allow', kind: 'allow_once' },
    response: { action: 'accept', content },
  };
}

/** For this session only: any other length would be written into the user's own settings. */
function allowAlways(persist: string): Choice[] {
  if (persist !== 'session') return [];
  return [
    {
      option: { optionId: 'acceptForSession', name: 'Always allow in this session', kind: 'allow_always' },
      response: { action: 'accept', content: {}, _meta: { persist } },
    },
  ];
}

function answer(id: string | number, name: string, content: Record<string, unknown>): Choice {
  return {
    option: { optionId: `answer_${id}`, name, kind: 'allow_once' },
    response: { action: 'accept', content },
  };
}

/** The values that a field can have, where they can be listed. */
function valuesOf({ type, enum: words, enumNames, oneOf }: Field): { value: unknown; name: string }[] | undefined {
  if (oneOf !== undefined) return oneOf.map(({ const: value, title }) => ({ value, name: title }));
  if (words !== undefined) return words.map((value, index) => ({ value, name: enumNames?.[index] ?? value }));
  if (type !== 'boolean') return undefined;
  return [
    { value: true, name: 'Yes' },
    { value: false, name: 'No' },
  ];
}

/** The values that the form proposes; undefined where a field that it requires has none. */
function defaultsOf(
  fields: readonly [string, Field][],
  required: readonly string[],
): Record<string, unknown> | undefined {
  const proposed = fields.filter(([, field]) => field.default !== undefined && field.default !== null);
  const names = proposed.map(([name]) => name);
  if (proposed.length === 0 || required.some((name) => !names.includes(name))) return undefined;
  return Object.fromEntries(proposed.map(([name, field]) => [name, field.default]));
}

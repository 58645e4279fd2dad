/** The fields of a tool's input: what checks them, and what tells a model about them, from one text. */
import * as v from 'valibot';

interface FieldSchema {
  type: 'string' | 'integer' | 'array';
  description: string;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  items?: { type: 'string' };
  minItems?: number;
  maxItems?: number;
}

/** JSON Schema of an input. */
export interface InputSchema {
  type: 'object';
  properties: Record<string, FieldSchema>;
  required: string[];
  additionalProperties: false;
}

interface Field<S extends v.GenericSchema | v.ExactOptionalSchema<v.GenericSchema, undefined>> {
  schema: S;
  json: FieldSchema;
}

export type Fields = Record<string, Field<v.GenericSchema | v.ExactOptionalSchema<v.GenericSchema, undefined>>>;
type Entries<F extends Fields> = { [K in keyof F]: F[K]['schema'] };
export type InputOf<F extends Fields> = v.InferOutput<v.StrictObjectSchema<Entries<F>, undefined>>;

/** More than any prompt needs, and little enough to be kept in one record. */
const MAX_TEXT = 1_000_000;

export function text(description: string): Field<v.GenericSchema<string>> {
  return { schema: v.pipe(v.string(), v.maxLength(MAX_TEXT)), json: { type: 'string', description } };
}

export function choice<const W extends readonly string[]>(
  words: W,
  description: string,
): Field<v.GenericSchema<W[number]>> {
  return { schema: v.picklist(words), json: { type: 'string', enum: words, description } };
}

export function count(minimum: number, maximum: number, description: string): Field<v.GenericSchema<number>> {
  const schema = v.pipe(v.number(), v.integer(), v.minValue(minimum), v.maxValue(maximum));
  return { schema, json: { type: 'integer', minimum, maximum, description } };
}

export function texts(maxItems: number, description: string): Field<v.GenericSchema<string[]>> {
  const schema = v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(maxItems));
  return { schema, json: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems, description } };
}

export function optional<S extends v.GenericSchema>({
  schema,
  json,
}: Field<S>): Field<v.ExactOptionalSchema<S, undefined>> {
  return { schema: v.exactOptional(schema), json };
}

export function inputOf<F extends Fields>(
  fields: F,
): { schema: v.StrictObjectSchema<Entries<F>, undefined>; json: InputSchema } {
  const named = Object.entries(fields);
  // TypeScript loses which schema belongs to which name.
  const entries = Object.fromEntries(named.map(([name, { schema }]) => [name, schema])) as Entries<F>;
  return {
    schema: v.strictObject(entries),
    json: {
      type: 'object',
      properties: Object.fromEntries(named.map(([name, { json }]) => [name, json])),
      required: named.flatMap(([name, { schema }]) => (schema.type === 'exact_optional' ? [] : [name])),
      additionalProperties: false,
    },
  };
}

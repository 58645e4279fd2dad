/** Schemas that the messages of several agents share. */
import * as v from 'valibot';

export const text = v.string();

/** A number of tokens, lines or the like. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A field that is ignored where it is absent or malformed, so that the rest of its message stays readable. */
export const lenient = <S extends v.GenericSchema>(
  schema: S,
): v.SchemaWithFallback<v.OptionalSchema<S, undefined>, undefined> => v.fallback(v.optional(schema), undefined);

/** A number of tokens; 0 where it is absent or malformed. */
export const tokens = v.fallback(count, 0);

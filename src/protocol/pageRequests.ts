/** The numbered requests of a page to the extension, and the extension's answers. */
import * as v from 'valibot';

const requestNumber = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The parameters of each method that a page may ask for. */
type RequestTable = Readonly<Record<string, { parameters: v.GenericSchema }>>;

/** A request with the parameters of its method. */
export type RequestOf<T extends RequestTable> = {
  [M in keyof T & string]: {
    type: 'request';
    requestNumber: number;
    method: M;
    parameters: v.InferOutput<T[M]['parameters']>;
  };
}[keyof T & string];

/** The schema of the requests of a table. */
export function requestSchemaOf<T extends RequestTable>(table: T): v.GenericSchema<unknown, RequestOf<T>> {
  return v.pipe(
    v.object({
      type: v.literal('request'),
      requestNumber,
      method: v.picklist(Object.keys(table)),
      parameters: v.unknown(),
    }),
    v.rawTransform(({ dataset, addIssue, NEVER }): RequestOf<T> => {
      const { method } = dataset.value;
      const parameters = v.safeParse(table[method]?.parameters ?? v.never(), dataset.value.parameters);
      if (parameters.success) return { ...dataset.value, parameters: parameters.output };
      addIssue({ message: `not the parameters of ${method}: ${v.summarize(parameters.issues)}` });
      return NEVER;
    }),
  );
}

const answerSchema = v.object({ type: v.literal('answer'), requestNumber, result: v.unknown() });
const rejectionSchema = v.object({ type: v.literal('rejection'), requestNumber, message: v.string() });
/** How a request ends. The result is validated where its request is known. */
export const ANSWER_SCHEMAS = [answerSchema, rejectionSchema] as const;
export type RequestAnswer = v.InferOutput<(typeof ANSWER_SCHEMAS)[number]>;

/** What the test of a host and its program there say to each other: one line of JSON each, then bytes. */
import * as v from 'valibot';
import { hostFactsSchema } from '../../system/hostFacts';
import { identitySchema } from '../../system/identitySchema';

export const MAX_LINE_BYTES = 1 << 20;

const text = v.string();

export const probeRequestSchema = v.variant('request', [
  /** Answered by `lookAnswerSchema`; whatever is sent after it comes back. */
  v.object({
    request: v.literal('look'),
    /** The git program there: a path, or a name to be looked up by the login shell's PATH. */
    git: text,
    root: text,
  }),
  /** Ends the process, and answers with `findAnswerSchema`. */
  v.object({ request: v.literal('find'), child: identitySchema }),
]);
export type ProbeRequest = v.InferOutput<typeof probeRequestSchema>;

export const lookAnswerSchema = v.object({
  facts: hostFactsSchema,
  /** A process that was started to outlive the connection. */
  child: identitySchema,
});
export type LookAnswer = v.InferOutput<typeof lookAnswerSchema>;
export const findAnswerSchema = v.object({ isAlive: v.boolean() });
export type FindAnswer = v.InferOutput<typeof findAnswerSchema>;

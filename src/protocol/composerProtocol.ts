/**
 * The messages between the composer's page and the extension, which check what they get from each other.
 * The page sends numbered requests; the extension answers each, and pushes what changed.
 */
import * as v from 'valibot';
import { ANSWER_SCHEMAS, requestSchemaOf, type RequestOf } from './pageRequests';
import { draftSchema, PATIENT_PROMPT_METHODS, PROMPT_REQUESTS } from './promptProtocol';

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const none = v.object({});

/** What is chosen beside the prompt, in the order of its buttons. */
export const COMPOSER_PARTS = [
  'issue',
  'agent',
  'model',
  'where',
  'repository',
  'base',
  'permissions',
  'after',
] as const;
export type ComposerPart = (typeof COMPOSER_PARTS)[number];

const stateSchema = v.object({
  /** `name` says what is chosen, `label` which, `detail` the same in a sentence. */
  parts: v.array(v.object({ part: v.picklist(COMPOSER_PARTS), name: text, label: text, detail: text })),
  /** Why no session was or can be made; `mends` are the words of the buttons that help. */
  failure: v.optional(v.object({ message: text, mends: v.array(text), isNotice: v.boolean() })),
  isStarting: v.boolean(),
});
export type ComposerState = v.InferOutput<typeof stateSchema>;

/** The page's requests: the parameters of each and the result of its answer. */
export const COMPOSER_REQUESTS = {
  ...PROMPT_REQUESTS,
  /** The page has loaded. */
  ready: { parameters: none, result: v.object({ state: stateSchema, draft: draftSchema }) },
  /** Lets a person choose a part. */
  choose: { parameters: v.object({ part: v.picklist(COMPOSER_PARTS) }), result: none },
  /** Starts a session; where it cannot, the state says why and the draft stays. */
  start: { parameters: v.object({ text }), result: none },
  /** Presses a button of the failure. */
  mend: { parameters: v.object({ index: count }), result: none },
  dismiss: { parameters: none, result: none },
} as const;
export type ComposerMethod = keyof typeof COMPOSER_REQUESTS;
export type ComposerParameters<M extends ComposerMethod> = v.InferOutput<(typeof COMPOSER_REQUESTS)[M]['parameters']>;
export type ComposerResult<M extends ComposerMethod> = v.InferOutput<(typeof COMPOSER_REQUESTS)[M]['result']>;

/** These wait for a person or for a session, so they have no timeout. */
export const PATIENT_METHODS: ReadonlySet<ComposerMethod> = new Set([
  ...PATIENT_PROMPT_METHODS,
  'choose',
  'start',
  'mend',
]);

export type ComposerRequest = RequestOf<typeof COMPOSER_REQUESTS>;

/** What the page sends. */
export const composerRequestSchema = requestSchemaOf(COMPOSER_REQUESTS);

/** What the extension sends. */
export const composerMessageSchema = v.variant('type', [
  ...ANSWER_SCHEMAS,
  v.object({ type: v.literal('state'), state: stateSchema }),
  /** The draft was changed elsewhere: on the other page, or by a command. */
  v.object({ type: v.literal('draft'), draft: draftSchema }),
]);
export type ComposerMessage = v.InferOutput<typeof composerMessageSchema>;

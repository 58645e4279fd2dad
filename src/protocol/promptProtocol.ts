/**
 * What the box for a prompt or a message asks of the extension: on the composer's page for a new session, and on the
 * timeline's for a session. Drafts are kept by the extension, so that they outlive their page.
 */
import * as v from 'valibot';

/** A larger file is refused before it is sent. */
export const MAX_ATTACHED_BYTES = 20 * 1024 * 1024;
const MAX_BASE64_LENGTH = Math.ceil(MAX_ATTACHED_BYTES / 3) * 4;
/** Files that one drop can bring. */
const MAX_DROPPED = 100;

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const attachmentSchema = v.object({ id: text, name: text, bytes: count, isPicture: v.boolean() });
export type DraftAttachment = v.InferOutput<typeof attachmentSchema>;

const attachments = v.array(attachmentSchema);
export const draftSchema = v.object({ text, attachments });
export type PromptDraft = v.InferOutput<typeof draftSchema>;

const attached = v.object({
  attachments,
  /** Files of the repository, which are named in the text and not copied: paths from its folder, with `/`. */
  paths: v.array(text),
});

const none = v.object({});

/** The requests: the parameters of each and the result of its answer. */
export const PROMPT_REQUESTS = {
  draft: { parameters: none, result: draftSchema },
  saveDraft: { parameters: v.object({ text }), result: none },
  /** Attaches a file that was pasted or dropped from outside of VS Code. */
  attachBytes: {
    parameters: v.object({ name: text, base64: v.pipe(text, v.maxLength(MAX_BASE64_LENGTH), v.base64()) }),
    result: attached,
  },
  /** Attaches files that were dropped from VS Code. */
  attachFiles: { parameters: v.object({ uris: v.pipe(v.array(text), v.maxLength(MAX_DROPPED)) }), result: attached },
  /** Lets a person choose files. */
  chooseFiles: { parameters: none, result: attached },
  detach: { parameters: v.object({ id: text }), result: v.object({ attachments }) },
  /** A picture as a `data:` address; absent where the page cannot or should not show it. */
  thumbnail: { parameters: v.object({ id: text }), result: v.object({ address: v.optional(text) }) },
  /** Files of the repository that fit, the best first. */
  completeFile: { parameters: v.object({ text }), result: v.object({ paths: v.array(text) }) },
  /** What the agent understands after a `/`. */
  commands: {
    parameters: none,
    result: v.object({ commands: v.array(v.object({ name: text, description: v.optional(text) })) }),
  },
  /** What was sent from here before, the latest first. */
  history: { parameters: none, result: v.object({ texts: v.array(text) }) },
} as const;
export type PromptMethod = keyof typeof PROMPT_REQUESTS;
export type PromptParameters<M extends PromptMethod> = v.InferOutput<(typeof PROMPT_REQUESTS)[M]['parameters']>;
export type PromptResult<M extends PromptMethod> = v.InferOutput<(typeof PROMPT_REQUESTS)[M]['result']>;

export type PromptRequest = {
  [M in PromptMethod]: { method: M; parameters: PromptParameters<M> };
}[PromptMethod];

/** Tells the requests of the box from the others of its page. */
export function isPromptRequest<R extends { method: string }>(
  request: R,
): request is Extract<R, { method: PromptMethod }> {
  return request.method in PROMPT_REQUESTS;
}

/** These wait for a person, so they have no timeout. */
export const PATIENT_PROMPT_METHODS: readonly PromptMethod[] = ['chooseFiles', 'attachBytes'];

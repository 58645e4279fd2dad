/** What can be answered when Claude asks whether a tool may run. */
import * as v from 'valibot';
import type { PermissionOption } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { CanUseTool } from './claudeMessages';

const questionsSchema = v.object({
  questions: v.pipe(
    v.array(
      v.object({
        question: v.string(),
        multiSelect: v.optional(v.boolean(), false),
        options: v.array(v.object({ label: v.string() })),
      }),
    ),
    v.minLength(1),
  ),
});

/** The questions of a call of `AskUserQuestion`, or undefined where they have another shape. */
export function questionsOf(input: unknown): v.InferOutput<typeof questionsSchema>['questions'] | undefined {
  const parsed = v.safeParse(questionsSchema, input);
  return parsed.success ? parsed.output.questions : undefined;
}

/** What can be answered to a request, each with the body of the answer that Claude is given. */
interface Choice {
  option: PermissionOption;
  body: Record<string, unknown>;
}

/** The choices of a request in the order in which they are shown. The last one refuses; a person's message goes with it. */
function choicesOf(request: CanUseTool): Choice[] {
  const { input } = request;
  const deny: Choice = {
    option: { optionId: 'reject_once', name: 'Deny', kind: 'reject_once' },
    body: { behavior: 'deny', message: 'The user denied this request.' },
  };
  const questions = request.tool_name === 'AskUserQuestion' ? questionsOf(input) : undefined;
  if (questions !== undefined) {
    const [question] = questions;
    // Several questions, or several answers to one, do not fit into one choice: these are answered in words, which Claude reads as the refusal's message.
    if (question === undefined || questions.length > 1 || question.multiSelect)
      return [{ ...deny, option: { ...deny.option, name: 'Answer in words' } }];
    const answers = question.options.map(({ label }, index): Choice => ({
      option: { optionId: `answer_${index}`, name: oneLine(label), kind: 'allow_once' },
      body: { behavior: 'allow', updatedInput: { ...input, answers: { [question.question]: label } } },
    }));
    return [...answers, { ...deny, option: { ...deny.option, name: 'Do not answer' } }];
  }
  const choices: Choice[] = [
    {
      option: { optionId: 'allow_once', name: 'Allow', kind: 'allow_once' },
      body: { behavior: 'allow', updatedInput: input },
    },
  ];
  // For this session only: the other destinations are settings files, some of them inside the worktree.
  const updatedPermissions = request.permission_suggestions.map((suggestion) => ({
    ...suggestion,
    destination: 'session',
  }));
  if (updatedPermissions.length > 0) {
    choices.push({
      option: { optionId: 'allow_always', name: alwaysName(request), kind: 'allow_always' },
      body: { behavior: 'allow', updatedInput: input, updatedPermissions },
    });
  }
  return [...choices, deny];
}

const rulesSchema = v.object({
  rules: v.array(v.object({ toolName: v.string(), ruleContent: v.optional(v.string()) })),
});

function alwaysName(request: CanUseTool): string {
  if (request.permission_suggestions.some((suggestion) => suggestion['mode'] === 'acceptEdits'))
    return 'Allow all edits in this session';
  const rules = request.permission_suggestions.flatMap((suggestion) => {
    const parsed = v.safeParse(rulesSchema, suggestion);
    return parsed.success ? parsed.output.rules.map((rule) => rule.ruleContent ?? rule.toolName) : [];
  });
  return rules.length === 0
    ? 'Always allow in this session'
    : oneLine(`Always allow in this session: ${rules.join(', ')}`);
}

/** The requests of one run that wait for an answer. */
export class ClaudeRequests {
  readonly #open = new Map<string, { callId: string | undefined; choices: Choice[] }>();

  /** Returns what can be chosen, in the order in which it is shown. */
  add(requestId: string, request: CanUseTool): PermissionOption[] {
    const choices = choicesOf(request);
    this.#open.set(requestId, { callId: request.tool_use_id ?? undefined, choices });
    return choices.map(({ option }) => option);
  }

  /** What Claude is told, and the call that this refuses. Undefined where no such answer is waited for. */
  answer(
    requestId: string,
    optionId: string,
    message: string | undefined,
  ): { body: object; deniedCallId: string | undefined } | undefined {
    const request = this.#open.get(requestId);
    const choice = request?.choices.find(({ option }) => option.optionId === optionId);
    if (request === undefined || choice === undefined) return undefined;
    this.#open.delete(requestId);
    if (choice.option.kind !== 'reject_once') return { body: choice.body, deniedCallId: undefined };
    return {
      body: message === undefined || message === '' ? choice.body : { ...choice.body, message },
      deniedCallId: request.callId,
    };
  }

  /** False where it was not open. */
  take(requestId: string): boolean {
    return this.#open.delete(requestId);
  }

  /** All open ones, or those about one call. */
  idsOf(callId?: string): string[] {
    return [...this.#open]
      .filter(([, request]) => callId === undefined || request.callId === callId)
      .map(([requestId]) => requestId);
  }
}

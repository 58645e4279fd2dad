/** The answers that a person can give when Claude asks whether a tool may run. */
import * as v from 'valibot';
import type { DraftEvent } from '../../../storage/events';
import type { SaidAnswer } from '../driver/driver';
import type { Answers } from '../driver/elicitation';
import { elicitationAnswer, elicitationChoices, elicitationInput } from '../driver/elicitation';
import type { AnswerChoice } from '../driver/permissionRequests';
import { ANSWER_OPTION, PermissionRequests } from '../driver/permissionRequests';
import type { CanUseTool, ClaudeElicitation } from './claudeMessages';
import { parseCanUseTool, parseElicitation } from './claudeMessages';
import type { ClaudeToolCalls } from './claudeToolCalls';
import { questionsOf } from './claudeTools';

/** A name that the page shows whole. */
const MAX_ALWAYS_CHARACTERS = 250;

type Choice = AnswerChoice<object>;

interface ClaudeRequest {
  callId: string | undefined;
  choices: Choice[];
  takesMessage: boolean;
  /** The response with answers to its questions, where it has any. */
  answerWith: ((answers: Answers) => object) | undefined;
}

/** The permission requests of one run that wait for an answer. */
export class ClaudePermissions {
  readonly #requests: PermissionRequests<ClaudeRequest>;

  constructor(emit: (event: DraftEvent) => void) {
    this.#requests = new PermissionRequests(emit);
  }

  /** Asks the question in a control request; undefined where it has none that is known. */
  questionOf(
    requestId: string,
    request: unknown,
    toolCalls: Pick<ClaudeToolCalls, 'questionAbout'>,
  ): (() => void) | undefined {
    const use = parseCanUseTool(request);
    if (use !== undefined) return () => this.#add(requestId, use, toolCalls.questionAbout(use.tool_name, use.input));
    const elicitation = parseElicitation(request);
    return elicitation === undefined ? undefined : () => this.#addElicitation(requestId, elicitation);
  }

  #add(requestId: string, request: CanUseTool, question: { title: string; isWhole: boolean }): void {
    const { tool_name: toolName, input, tool_use_id: callId } = request;
    const choices = choicesOf(request);
    const answerWith = answersOf(request);
    this.#requests.add(
      {
        requestId,
        ...question,
        toolName,
        input,
        options: choices.map(({ option }) => option),
        ...(answerWith === undefined ? {} : { answerOption: ANSWER_OPTION }),
        ...(callId === undefined || callId === null ? {} : { callId }),
      },
      { callId: callId ?? undefined, choices, takesMessage: true, answerWith },
    );
  }

  /** A question of an MCP server. */
  #addElicitation(requestId: string, request: ClaudeElicitation): void {
    const { mcp_server_name: server, message, mode, url, requested_schema: schema } = request;
    const elicitation = { message, mode, url, schema, persist: [] };
    const choices = elicitationChoices(elicitation);
    const answerWith = elicitationAnswer(elicitation);
    this.#requests.add(
      {
        requestId,
        title: message,
        isWhole: false,
        toolName: server,
        input: { server, ...elicitationInput(elicitation) },
        options: choices.map(({ option }) => option),
        ...(answerWith === undefined ? {} : { answerOption: ANSWER_OPTION }),
      },
      { callId: undefined, choices, takesMessage: false, answerWith },
    );
  }

  /**
   * The response to send, the call that it denies, and a person's message for which it has no room.
   * Undefined where no such request or option exists.
   */
  answer(
    requestId: string,
    optionId: string,
    { message, answers }: SaidAnswer,
  ): { response: object; deniedCallId?: string | undefined; unsaid?: string | undefined } | undefined {
    const request = this.#requests.get(requestId);
    if (request?.answerWith !== undefined && answers !== undefined && optionId === ANSWER_OPTION) {
      this.#requests.delete(requestId);
      return { response: request.answerWith(answers) };
    }
    const choice = request?.choices.find(({ option }) => option.optionId === optionId);
    if (request === undefined || choice === undefined) return undefined;
    this.#requests.delete(requestId);
    const { response, option } = choice;
    const said = message?.trim() === '' ? undefined : message;
    if (!request.takesMessage) return { response, unsaid: said };
    if (option.kind !== 'reject_once') return { response };
    return { response: said === undefined ? response : { ...response, message: said }, deniedCallId: request.callId };
  }

  withdraw(requestId: string): void {
    this.#requests.withdraw(requestId);
  }

  /** Withdraws the requests about one call, or all of them where `callId` is absent. */
  withdrawAll(callId?: string): void {
    this.#requests.withdrawAll((request) => callId === undefined || request.callId === callId);
  }
}

/** How Claude takes answers to its questions: by the question's text, several options with commas between them. */
function answersOf({ tool_name: name, input }: CanUseTool): ((answers: Answers) => object) | undefined {
  const questions = name === 'AskUserQuestion' ? questionsOf(input) : undefined;
  if (questions === undefined) return undefined;
  return (answers) => {
    const said = questions.map(({ question }, index) => [question, (answers[index] ?? []).join(', ')] as const);
    const given = Object.fromEntries(said.filter(([, words]) => words !== ''));
    return { behavior: 'allow', updatedInput: { ...input, answers: given } };
  };
}

/** The choices of a request in display order. The last one denies, and a person's message goes with it. */
function choicesOf(request: CanUseTool): Choice[] {
  const { input } = request;
  const deny: Choice = {
    option: { optionId: 'reject_once', name: 'Deny', kind: 'reject_once' },
    response: { behavior: 'deny', message: 'The user denied this request.' },
  };
  const questions = request.tool_name === 'AskUserQuestion' ? questionsOf(input) : undefined;
  if (questions !== undefined) {
    const [question] = questions;
    const doNotAnswer = { ...deny, option: { ...deny.option, name: 'Do not answer' } };
    // One option cannot answer several questions.
    if (question === undefined || questions.length > 1 || question.multiSelect) return [doNotAnswer];
    const answers = question.options.map(({ label }, index): Choice => ({
      option: { optionId: `answer_${index}`, name: label, kind: 'allow_once' },
      response: { behavior: 'allow', updatedInput: { ...input, answers: { [question.question]: label } } },
    }));
    return [...answers, doNotAnswer];
  }
  const choices: Choice[] = [
    {
      option: { optionId: 'allow_once', name: 'Allow', kind: 'allow_once' },
      response: { behavior: 'allow', updatedInput: input },
    },
  ];
  // For this session only: Claude's other destinations are settings files, some of them inside the worktree.
  const updatedPermissions = request.permission_suggestions.map((suggestion) => ({
    ...suggestion,
    destination: 'session',
  }));
  const name = alwaysName(request);
  // What cannot be named in full is not offered: the rules hold for the whole session.
  if (updatedPermissions.length > 0 && name.length <= MAX_ALWAYS_CHARACTERS) {
    choices.push({
      option: { optionId: 'allow_always', name, kind: 'allow_always' },
      response: { behavior: 'allow', updatedInput: input, updatedPermissions },
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
  return rules.length === 0 ? 'Always allow in this session' : `Always allow in this session: ${rules.join(', ')}`;
}

/** Codex's questions: whether a command, changes to files or more rights are allowed, and those of MCP servers. */
import * as v from 'valibot';
import type { PermissionOption } from '../../../storage/events';
import type { Answers } from '../driver/elicitation';
import { elicitationAnswer, elicitationChoices, elicitationFields, elicitationInput } from '../driver/elicitation';
import { displayPath } from '../driver/displayPath';
import type { AnswerChoice, PermissionQuestion } from '../driver/permissionRequests';
import { lenient, text } from '../driver/schemas';
import type { CodexCall, CodexChange } from './codexMessages';
import { withoutShell } from '../../../tools/shellCommand';

/** A question with its choices, and what Codex gets for each. */
export interface CodexQuestion {
  request: Omit<PermissionQuestion, 'requestId' | 'options'>;
  choices: AnswerChoice<object>[];
  /** What it gets for answers to its questions, where it takes them. */
  answerWith?: ((answers: Answers) => object) | undefined;
}

export interface QuestionContext {
  cwd: string;
  /** The tool call with this id, where Codex has reported it and it is open. */
  openCall: (callId: string) => CodexCall | undefined;
}

/** Undefined where a request of Codex is none of its questions that are known. */
export function questionOf(method: string, params: unknown, context: QuestionContext): CodexQuestion | undefined {
  return READERS.get(method)?.(params, context);
}

type Reader = (params: unknown, context: QuestionContext) => CodexQuestion | undefined;

/** A reader of a request's parameters; one with others than expected is unknown. */
function reader<S extends v.GenericSchema>(
  schema: S,
  read: (params: v.InferOutput<S>, context: QuestionContext) => CodexQuestion | undefined,
): Reader {
  return (params, context) => {
    const parsed = v.safeParse(schema, params);
    return parsed.success ? read(parsed.output, context) : undefined;
  };
}

/**
 * Codex accepts these for every request. The rules for a command that it proposes as well are left out: they would be
 * written into the user's own settings.
 */
const APPROVALS: readonly PermissionOption[] = [
  { optionId: 'accept', name: 'Allow', kind: 'allow_once' },
  { optionId: 'acceptForSession', name: 'Always allow in this session', kind: 'allow_always' },
  { optionId: 'decline', name: 'Deny', kind: 'reject_once' },
  { optionId: 'cancel', name: 'Deny and end the turn', kind: 'reject_once' },
];

/** What else is in a request that asks for nothing beyond the command or the changes. */
const QUIET_FIELDS: ReadonlySet<string> = new Set([
  ...['itemId', 'reason', 'command', 'cwd', 'kind', 'threadId', 'turnId', 'startedAtMs', 'environmentId', 'approvalId'],
  ...['commandActions', 'proposedExecpolicyAmendment', 'availableDecisions'],
]);

const readApproval = reader(
  v.looseObject({ itemId: text, reason: lenient(text), command: lenient(text), cwd: lenient(text) }),
  (approval, { cwd, openCall }) => {
    const call = openCall(approval.itemId);
    const { itemId: callId, command, cwd: ownCwd = cwd, reason, ...others } = approval;
    const isKnown = Object.entries(others).every(([name, value]) => value === null || QUIET_FIELDS.has(name));
    const changes = call?.type === 'fileChange' ? call.changes : undefined;
    const input = {
      ...(command ? { command } : {}),
      ...(ownCwd === cwd ? {} : { cwd: ownCwd }),
      ...(changes === undefined ? {} : { changes }),
      ...(reason ? { reason } : {}),
      // Whatever else an answer would allow has to be read.
      ...(isKnown ? {} : others),
    };
    const title = command ? withoutShell(command) : changes === undefined ? 'Change files' : editTitle(changes, cwd);
    const isWhole = isKnown && ownCwd === cwd && (Boolean(command) || changes !== undefined);
    const choices = APPROVALS.map((option) => ({ option, response: { decision: option.optionId } }));
    return { request: { title, isWhole, callId, input }, choices };
  },
);

const readRights = reader(
  v.object({ itemId: text, reason: lenient(v.nullish(text)), permissions: v.record(text, v.unknown()) }),
  ({ itemId: callId, reason, permissions }) => ({
    request: {
      title: 'Leave the sandbox',
      isWhole: false,
      callId,
      input: { permissions, ...(reason ? { reason } : {}) },
    },
    choices: [
      {
        option: { optionId: 'turn', name: 'Allow in this turn', kind: 'allow_once' },
        response: { permissions, scope: 'turn' },
      },
      {
        option: { optionId: 'session', name: 'Always allow in this session', kind: 'allow_always' },
        response: { permissions, scope: 'session' },
      },
      { option: { optionId: 'decline', name: 'Deny', kind: 'reject_once' }, response: { permissions: {} } },
    ],
  }),
);

const metaSchema = v.object({
  persist: lenient(v.union([text, v.array(text)])),
  tool_title: lenient(text),
  tool_params: v.optional(v.unknown()),
});

const readElicitation = reader(
  v.object({ ...elicitationFields, serverName: text, requestedSchema: v.optional(v.unknown()) }),
  ({ serverName, message, mode, url, requestedSchema: schema, _meta: meta }) => {
    const known = v.safeParse(metaSchema, meta ?? {});
    const { persist = [], tool_params: parameters } = known.success ? known.output : {};
    const elicitation = { message, mode, url, schema, persist: [persist].flat() };
    const input = {
      server: serverName,
      ...(parameters === undefined ? {} : { parameters }),
      ...elicitationInput(elicitation),
    };
    return {
      // The title says nothing of the parameters or of the form.
      request: { title: message, isWhole: false, toolName: serverName, input },
      choices: elicitationChoices(elicitation),
      answerWith: elicitationAnswer(elicitation),
    };
  },
);

const readUserInput = reader(
  v.object({
    itemId: text,
    questions: v.pipe(
      v.array(
        v.object({
          id: text,
          question: text,
          options: lenient(v.nullish(v.array(v.object({ label: text, description: lenient(text) })))),
        }),
      ),
      v.minLength(1),
    ),
  }),
  ({ itemId: callId, questions }) => {
    const [first, ...others] = questions;
    const labels = others.length === 0 ? (first?.options ?? []).map(({ label }) => label) : [];
    const answers = labels.map((label, index): AnswerChoice<object> => ({
      option: { optionId: `answer_${index}`, name: label, kind: 'allow_once' },
      response: { answers: { [first?.id ?? '']: { answers: [label] } } },
    }));
    return {
      request: {
        title: questions.map(({ question }) => question).join(' '),
        isWhole: answers.length > 0,
        callId,
        input: { questions },
      },
      choices: [
        ...answers,
        { option: { optionId: 'decline', name: 'Do not answer', kind: 'reject_once' }, response: { answers: {} } },
      ],
      answerWith: (said) => ({
        answers: Object.fromEntries(questions.map(({ id }, index) => [id, { answers: said[index] ?? [] }])),
      }),
    };
  },
);

const READERS: ReadonlyMap<string, Reader> = new Map([
  ['item/commandExecution/requestApproval', readApproval],
  ['item/fileChange/requestApproval', readApproval],
  ['item/permissions/requestApproval', readRights],
  ['item/tool/requestUserInput', readUserInput],
  ['mcpServer/elicitation/request', readElicitation],
]);

function editTitle(changes: readonly CodexChange[], cwd: string): string {
  const paths = changes.flatMap(({ path, kind }) =>
    kind.type === 'update' && kind.move_path ? [path, kind.move_path] : [path],
  );
  return `Edit ${paths.map((path) => displayPath(path, [cwd])).join(', ')}`;
}

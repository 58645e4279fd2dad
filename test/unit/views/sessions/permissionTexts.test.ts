import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { toolInputText } from '../../../../media/timeline/events/toolInput';
import { exactText } from '../../../../src/common/visibleText';
import type { EventData } from '../../../../src/storage/events';
import { emptyRun, emptySession } from '../../../../src/storage/sessionFacts';
import { acpDriver } from '../../../../src/supervisor/agents/acp/acpDriver';
import { claudeDriver } from '../../../../src/supervisor/agents/claude/claudeDriver';
import { codexDriver } from '../../../../src/supervisor/agents/codex/codexDriver';
import type { Conversation, Driver } from '../../../../src/supervisor/agents/driver/driver';
import type { PermissionSummary } from '../../../../src/supervisor/api';
import { summarize } from '../../../../src/supervisor/sessions/summary';
import { fitsQuickPick, isPlainMessage, plainOptions } from '../../../../src/views/sessions/openQuestion';
import { sessionRow } from '../../../../src/views/sessions/sessionRow';
import { conversationRequest, RecordingHost } from '../../../support/agents/agentHarness';
import { FUZZ_SEED, fuzzCount } from '../../../support/fuzzing';
import { Random } from '../../../support/random';

const COUNT = fuzzCount(6_000);
const PIECES = [
  ...[
    'npm test',
    'rm -rf .',
    'echo "a b"',
    "it's",
    'naïve',
    'שלום',
    'مرحبا',
    '日本語',
    '👩‍🚀',
    '🙂',
    '](',
    '$(date)',
    '](command:x)',
  ],
  ...['\n', '\r\n', '\r', '\t', ' ', '  ', '\u00a0', '\u3000', '\u2028', '\u2029', '\u0085', '\v', '\f', '\u0000'],
  ...[
    '\u001b[2K\u001b[1G',
    '\u009b31m',
    '\u0007',
    '\u007f',
    '\u200b',
    '\u200c',
    '\u200d',
    '\u200e',
    '\u200f',
    '\u061c',
  ],
  ...['\u202e', '\u2066', '\u2069', '\u00ad', '\u034f', '\ufeff', '\u{e0041}', '\u3164', '\u2800', '\ufe0f', '\ufffc'],
  ...[
    '\u0301',
    '\u0336',
    '\u20dd',
    '\u0301'.repeat(9),
    '\ud83d',
    '\udc00',
    '\ue000',
    '\uffff',
    '⏎',
    '␣',
    '⇥',
    '…',
    '⟨U+200B⟩',
  ],
];
/** What must never reach a person as it is. */
const UNSEEN = /(?![ \n])[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

function randomText(random: Random): string {
  if (random.below(40) === 0) return `echo ${'x'.repeat(190 + random.below(20))}`;
  const separator = random.pick(['', ' ', ' ']);
  const pieces = Array.from({ length: 1 + random.below(6) }, () =>
    random.pick(random.below(2) === 0 ? PIECES.slice(0, 5) : PIECES),
  );
  return pieces.join(separator);
}

/** The documented rule, backwards. */
function restore(shown: string): string {
  return shown
    .replaceAll('⏎', '\n')
    .replaceAll('␣', ' ')
    .replaceAll('⇥', '\t')
    .replace(/⟨U\+([0-9A-F]+)⟩/g, (_label, code: string) => String.fromCodePoint(parseInt(code, 16)));
}

/** One question of an agent: the line that asks, and what an answer would let run. */
interface Question {
  line: (id: string) => object;
  /** What runs. Undefined where no title can say it. */
  runs: string | undefined;
  /** Everything that the agent passes on to the tool. */
  input: unknown;
}

function claudeQuestion(random: Random): Question {
  const text = randomText(random);
  const extra = random.pick([
    {},
    { description: text, timeout: 5 },
    { dangerouslyDisableSandbox: true },
    { env: { A: 'b' } },
    { stdin: text },
  ]);
  const input = { command: text, ...extra };
  const isQuiet = Object.keys(extra).length === 0 || 'timeout' in extra;
  const toolName = random.pick(['Bash', 'Bash', 'mcp__x__run', 'Write']);
  const suggestions = random.pick([
    [],
    [{ type: 'addRules', rules: [{ toolName: 'Bash', ruleContent: randomText(random) }] }],
  ]);
  const request = { subtype: 'can_use_tool', tool_name: toolName, input, permission_suggestions: suggestions };
  return {
    line: (id) => ({ type: 'control_request', request_id: id, request }),
    runs: isQuiet && toolName === 'Bash' ? text : undefined,
    input,
  };
}

function codexQuestion(random: Random): Question {
  const text = randomText(random);
  const isQuoted = random.below(2) === 0;
  const command = isQuoted ? `/bin/bash -lc '${text.replaceAll("'", `'"'"'`)}'` : text;
  const extra = random.pick([{}, {}, { cwd: '/elsewhere' }, { additionalPermissions: { network: true } }]);
  const params = {
    itemId: 'i1',
    command,
    commandActions: [{ type: 'unknown', command: random.pick([text, 'ls']) }],
    ...extra,
  };
  const input = 'cwd' in extra ? { command, cwd: '/elsewhere' } : { command };
  return {
    line: (id) => ({ id, method: 'item/commandExecution/requestApproval', params }),
    runs: Object.keys(extra).length === 0 && command !== '' ? (isQuoted && text !== '' ? text : command) : undefined,
    input: 'additionalPermissions' in extra ? undefined : input,
  };
}

function acpQuestion(random: Random): Question {
  const text = randomText(random);
  const extra = random.pick([
    {},
    {},
    { cwd: '/repo' },
    { cwd: '/elsewhere' },
    { args: ['-rf'] },
    { sudo: true },
    { script: `${text}!` },
  ]);
  const rawInput = { command: text, ...extra };
  const toolCall = { toolCallId: 'c', title: random.pick(['Read README.md', text]), kind: 'execute', rawInput };
  const options = [
    { optionId: 'yes', name: random.pick(['Yes', 'Show', randomText(random)]), kind: 'allow_once' },
    { optionId: 'no', name: random.pick(['No', 'Yes']), kind: 'reject_once' },
  ];
  const params = { sessionId: 's', toolCall, options };
  const isQuiet = Object.keys(extra).length === 0 || ('cwd' in extra && extra.cwd === '/repo');
  return {
    line: (id) => ({ jsonrpc: '2.0', id, method: 'session/request_permission', params }),
    runs: isQuiet ? text : undefined,
    input: rawInput,
  };
}

const SUBJECTS: [string, Driver, (random: Random) => Question][] = [
  ['Claude', claudeDriver, claudeQuestion],
  ['Codex', codexDriver, codexQuestion],
  ['ACP', acpDriver, acpQuestion],
];

/** What the summary and the row make of a request. */
function rowOf(data: EventData<'permission.request'>): {
  pending: PermissionSummary;
  row: ReturnType<typeof sessionRow>;
} {
  const { requestId, title, options, isWhole } = data;
  const timestamp = '2026-01-05T09:00:00.000Z';
  const question = { requestId, title, ...(isWhole === undefined ? {} : { isWhole }), options, timestamp };
  const run = { ...emptyRun('rrrrrrrrrrrr'), eventState: 'waiting' as const, pendingPermissions: [question] };
  const facts = { ...emptySession('aaaaaaaaaaaa'), runs: [run], createdAt: timestamp, lastActivityAt: timestamp };
  const summary = summarize(facts, { checking: false });
  const [pending] = summary.pendingPermissions;
  assert.ok(pending);
  return { pending, row: sessionRow(summary, Date.parse(timestamp)) };
}

function check({ runs, input }: Question, data: EventData<'permission.request'>): void {
  const { pending, row } = rowOf(data);
  const shown = [
    pending.title,
    row.description,
    row.status,
    row.accessibleLabel,
    ...pending.options.map(({ name }) => name),
  ];
  for (const text of shown) assert.doesNotMatch(text, UNSEEN);
  if (runs !== undefined && !pending.title.endsWith('…')) assert.equal(restore(pending.title), runs);
  const offersAllow = {
    tree: row.contextValue.includes(';answerable;'),
    notification: isPlainMessage(pending) && plainOptions(pending) !== undefined,
    picker: fitsQuickPick(pending),
  };
  for (const [place, isOffered] of Object.entries(offersAllow))
    if (isOffered) assert.equal(pending.title, runs, `what the ${place} shows is not what will run`);
  if (offersAllow.tree) assert.ok(row.description.includes(pending.title));
  if (offersAllow.notification) assert.doesNotMatch(pending.title, /\]\(/);
  // The card in the timeline shows all of it.
  const card = exactText(toolInputText(data.input));
  assert.doesNotMatch(card, UNSEEN);
  assert.deepEqual(JSON.parse(restore(card)), data.input);
  if (input !== undefined) assert.deepEqual(data.input, input);
}

describe('permission texts', () => {
  it(`in every place what is shown is what will run, in ${COUNT} questions (seed ${FUZZ_SEED}) (E6)`, () => {
    const random = new Random(FUZZ_SEED);
    const hosts = new Map<Driver, { host: RecordingHost; conversation: Conversation }>();
    const offered = new Set<string>();
    for (let index = 0; index < COUNT; index++) {
      const [name, driver, makeQuestion] = random.pick(SUBJECTS);
      const host = hosts.get(driver)?.host ?? new RecordingHost();
      const conversation =
        hosts.get(driver)?.conversation ??
        driver.createConversation(conversationRequest({ permissionMode: 'ask' }), host);
      hosts.set(driver, { host, conversation });
      host.events.length = host.written.length = 0;
      const question = makeQuestion(random);
      conversation.readLine('stdout', JSON.stringify(question.line(String(index))));
      const [data] = host.of('permission.request');
      assert.ok(data, name);
      try {
        check(question, data);
      } catch (error) {
        throw new Error(`Question ${index} of ${name}: ${JSON.stringify([question, data])}`, { cause: error });
      }
      if (data.isWhole) offered.add(name);
      conversation.answerPermission(data.requestId, data.options.at(-1)?.optionId ?? '', undefined);
    }
    // A rule that offers nothing would hold as well.
    assert.deepEqual([...offered].sort(), ['ACP', 'Claude', 'Codex']);
  }).timeout(Math.max(60_000, COUNT * 2));
});

describe('a question of an agent', () => {
  const ask = (title: string, isWhole: boolean, names = ['Allow', 'Deny']): PermissionSummary => ({
    requestId: '1',
    title,
    isWhole,
    options: names.map((name, index) => ({
      optionId: name,
      name,
      kind: index === names.length - 1 ? 'reject_once' : 'allow_once',
    })),
  });

  it('offers Show alone outside of the timeline where its text was cut or changed (E6)', () => {
    const lines = ['ls⏎rm -rf .', `${'x'.repeat(199)}…`, 'a⟨U+200F⟩b', 'a⟨U+061C⟩b', 'a⟨U+200B⟩b'];
    for (const title of lines) {
      assert.equal(plainOptions(ask(title, false)), undefined, title);
      assert.equal(fitsQuickPick(ask(title, false)), false, title);
    }
    assert.equal(plainOptions(ask('npm test', true))?.allow.optionId, 'Allow');
    assert.equal(isPlainMessage(ask('echo [a](b)', true)), false);
  });

  it('offers no plain Allow where several answers allow, or where names are alike (E6)', () => {
    assert.equal(plainOptions(ask('Which?', true, ['Red', 'Blue', 'Do not answer'])), undefined);
    assert.equal(plainOptions(ask('npm test', true, ['Yes', 'Yes'])), undefined);
  });
});

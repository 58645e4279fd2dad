// The scripted model's answers: chosen by `[[name]]` in the user's last message that has one, and by the number of
// answers since then. The tools are those that the agent's program offers.

const say = (text, more = {}) => ({ text, tools: [], pieceMs: 0, ...more });
const numbered = (count, word, end) =>
  Array.from({ length: count }, (_, index) => `${word} ${index + 1}${end}`).join('');
const patchOf = (body) => `*** Begin Patch\n${body}\n*** End Patch\n`;

/** Scenario → one answer for each request of a turn. `status` fails the request, `isCut` cuts the answer off. */
const SCENARIOS = {
  plain: [say('Hello from the model. There is nothing else to do.')],
  write: [
    say('I will make hello.txt.', { tools: [{ kind: 'write', path: 'hello.txt', content: 'hello from the model\n' }] }),
    say('hello.txt is there.'),
  ],
  multi: [
    say('First I look around.', { tools: [{ kind: 'shell', command: 'ls -a' }] }),
    say('Then I write.', { tools: [{ kind: 'write', path: 'notes.txt', content: 'line one\nline two\n' }] }),
    say('And I change it.', { tools: [{ kind: 'edit', path: 'notes.txt', before: 'line two', after: 'line 2' }] }),
    say('At last I check it.', { tools: [{ kind: 'shell', command: 'cat notes.txt' }] }),
    say('All steps are done.'),
  ],
  shell: [
    say('I run a command.', { tools: [{ kind: 'shell', command: 'echo shell-ok' }] }),
    say('The command is done.'),
  ],
  // Claude asks for permission in its default mode, but not with edits allowed.
  permission: [
    say('This needs your permission.', { tools: [{ kind: 'shell', command: 'touch granted.txt && rm -f none.txt' }] }),
    say('That was the step that needed permission.'),
  ],
  // Some programs refuse to run a plain wait, so the second command does not look like one.
  busy: [
    say('This takes long.', { tools: [{ kind: 'shell', command: 'echo begun' }] }),
    say('Now.', { tools: [{ kind: 'shell', command: 'tail -f /dev/null & tail -f /dev/null; echo over' }] }),
    say('It is over.'),
  ],
  long: [say(numbered(2000, 'Line', ' of a long answer.\n'))],
  slow: [say(numbered(200, 'tick', ' '), { pieceMs: 50 })],
  handout: [
    say('I look for the tools.', { tools: [{ kind: 'find', tools: ['start_session', 'wait_for', 'review_changes'] }] }),
    // One call at a time: some programs tell the model of two as if they had been two answers.
    ...['one', 'two'].map((title) =>
      say(`Somebody else does number ${title}.`, {
        tools: [
          {
            kind: 'mcp',
            tool: 'start_session',
            args: (_ids, asked) => ({ prompt: 'Write it [[write]]', agent: /to ([\w-]+)/.exec(asked)?.[1], title }),
          },
        ],
      }),
    ),
    say('I wait for them.', {
      tools: [{ kind: 'mcp', tool: 'wait_for', args: (sessionIds) => ({ sessionIds, seconds: 120 }) }],
    }),
    ...[0, 1].map((index) =>
      say('I read what was done.', {
        tools: [{ kind: 'mcp', tool: 'review_changes', args: (ids) => ({ sessionId: ids[index] }) }],
      }),
    ),
    say('Both have written hello.txt.'),
  ],
  // Calls what changes files by its name, whether or not it was offered.
  forced: [say('I change it all the same.', { tools: [{ kind: 'forced' }] }), say('That was all.')],
  error500: [{ status: 500, message: 'the model was told to fail' }],
  rate: [{ status: 429, message: 'the model was told to be busy' }],
  cut: [say('This answer is cut off in the middle of the sen', { isCut: true })],
};

const MARK = /\[\[([a-z0-9]+)\]\]/g;

/** The last scenario, since unanswered messages arrive together with the next one. */
const markOf = (text) => [...text.matchAll(MARK)].at(-1)?.[1];

/** The answer to a request. `turns` has the role of each message in order, and the text of a user's. */
export function answerTo({ turns, tools, folder }) {
  // Other requests without tools ask for a title or for the model to use.
  const isAside = turns.some(({ text }) => text?.includes('asks beside the work'));
  if (tools.length === 0 && !isAside) return { ...say('A title'), calls: [] };
  const marked = turns.findLastIndex(({ role, text }) => role === 'user' && markOf(text) !== undefined);
  const name = marked < 0 ? 'plain' : markOf(turns[marked].text);
  // Claude and Codex keep tools of servers back until the model asks for them.
  const hasSearch = tools.some((tool) => SEARCHERS.includes(tool.name));
  const steps = (SCENARIOS[name] ?? SCENARIOS.plain).filter((each) => hasSearch || each.tools?.[0]?.kind !== 'find');
  const answered = turns
    .slice(marked + 1)
    .filter(({ role }, index, rest) => role === 'model' && rest[index - 1]?.role !== 'model').length;
  const step = steps[Math.min(answered, steps.length - 1)];
  const results = turns.slice(marked + 1).map((turn) => turn.results ?? '');
  return {
    ...step,
    calls: (step.tools ?? []).flatMap((tool) => {
      if (tool.kind === 'forced') return FORCED.map((name) => ({ name, args: forcedArguments(folder) }));
      try {
        return callOf(tool, tools, folder, { sessionIds: sessionIdsIn(results.join()), asked: turns[marked]?.text });
      } catch (error) {
        if (isAside) return []; // what changes anything is not offered there
        throw error;
      }
    }),
  };
}

/** Ids of sessions in what tools answered, which is JSON within JSON. */
const sessionIdsIn = (text) => [...new Set([...text.matchAll(/"id\\*": \\*"([a-z2-7]{12})\\*"/g)].map(([, id]) => id))];

const SEARCHERS = ['ToolSearch', 'tool_search'];
const SHELLS = ['Bash', 'exec_command', 'shell_command', 'shell', 'run_shell_command', 'bash', 'developer__shell'];
const WRITERS = ['Write', 'write_file', 'write', 'developer__write'];
const EDITORS = ['Edit', 'replace', 'edit', 'developer__edit'];

const FORCED = [
  'exit_plan_mode',
  ...['Write', 'write_file', 'write'],
  ...['Bash', 'bash', 'shell', 'run_shell_command'],
];

/** For a tool of any program that writes a file or runs a command. */
const forcedArguments = (folder) => {
  const path = `${folder}/hello.txt`;
  const command = `echo forced > ${path}`;
  return { file_path: path, filePath: path, path, content: 'forced', command, cmd: command, description: 'Force it' };
};

/** The call of an offered tool: with `input` if it takes plain text, else with `args`. */
function callOf(tool, tools, folder, { sessionIds, asked }) {
  if (tool.kind === 'find') {
    const { name } = tools.find((each) => SEARCHERS.includes(each.name));
    const query =
      name === 'ToolSearch' ? `select:${tool.tools.map((each) => `mcp__corral__${each}`).join()}` : 'corral';
    return { name, args: { query } };
  }
  if (tool.kind === 'mcp') {
    const offered = tools.find(({ name, namespace = '' }) => {
      const whole = `${namespace}${name}`;
      return whole.includes('corral') && whole.endsWith(tool.tool);
    });
    if (offered === undefined) throw new Error(`No ${tool.tool} among ${tools.map(({ name }) => name).join(', ')}`);
    return { name: offered.name, namespace: offered.namespace, args: tool.args(sessionIds, asked) };
  }
  const find = (names) => tools.find(({ name }) => names.includes(name));
  const patcher = find(['apply_patch']);
  const patch = (body) =>
    patcher.isPlain
      ? { name: patcher.name, input: patchOf(body) }
      : { name: patcher.name, args: { input: patchOf(body) } };
  const first = (properties, names) => names.find((name) => name in properties) ?? names[0];
  const pathName = (properties) => first(properties, ['file_path', 'filePath', 'path']);
  if (tool.kind === 'write') {
    const writer = find(WRITERS);
    if (writer !== undefined)
      return {
        name: writer.name,
        args: { [pathName(writer.properties)]: `${folder}/${tool.path}`, content: tool.content },
      };
    const lines = tool.content.trimEnd().split('\n');
    if (patcher !== undefined)
      return patch([`*** Add File: ${tool.path}`, ...lines.map((line) => `+${line}`)].join('\n'));
    return shell(`printf '%s' '${tool.content}' > ${tool.path}`);
  }
  if (tool.kind === 'edit') {
    const editor = find(EDITORS);
    if (editor !== undefined) {
      const { properties } = editor;
      const before = first(properties, ['old_string', 'oldString', 'before']);
      const after = first(properties, ['new_string', 'newString', 'after']);
      const reason = 'instruction' in properties ? { instruction: 'Change the second line' } : {};
      return {
        name: editor.name,
        args: {
          [pathName(properties)]: `${folder}/${tool.path}`,
          [before]: tool.before,
          [after]: tool.after,
          ...reason,
        },
      };
    }
    if (patcher !== undefined)
      return patch([`*** Update File: ${tool.path}`, '@@', `-${tool.before}`, `+${tool.after}`].join('\n'));
    return shell(`sed -i 's/${tool.before}/${tool.after}/' ${tool.path}`);
  }
  return shell(tool.command);

  function shell(command) {
    const offered = find(SHELLS);
    if (offered === undefined) throw new Error(`No shell among ${tools.map(({ name }) => name).join(', ')}`);
    const { properties } = offered;
    const description = 'description' in properties ? { description: 'Run a command of the script' } : {};
    return { name: offered.name, args: { [first(properties, ['command', 'cmd'])]: command, ...description } };
  }
}

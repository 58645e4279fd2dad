import { startOf } from '../../../common/shorten';

/**
 * The script in a prompt: steps in lines of their own, or with `;` between them (see docs/agents.md). A prompt that
 * does not begin with a step gets a story.
 */
export interface DemoPrompt {
  text: string;
  uuid: string;
  /** How many came with the text. */
  pictures: number;
}

export type Step =
  | { verb: 'talk' | 'think' | 'read' | 'run' | 'ask'; text: string }
  /** `limitSeconds`: at a usage limit that resets after so long. */
  | { verb: 'fail'; text: string; limitSeconds?: number }
  | { verb: 'plan'; entries: { content: string; status: 'pending' | 'in_progress' | 'completed' }[] }
  | { verb: 'edit'; file: string; line: string }
  | { verb: 'slow'; count: number; everyMs: number }
  | { verb: 'wait'; durationMs: number | undefined }
  | { verb: 'crash'; exitCode: number }
  | { verb: 'ignore-signals' };

const STATUS = { x: 'completed', '>': 'in_progress', ' ': 'pending' } as const;

/** The steps of a prompt; undefined where it does not begin with one. Later parts that are not steps become `talk`. */
export function parseScript(prompt: string): Step[] | undefined {
  const parts = prompt
    .split(/[;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const [first] = parts;
  if (first === undefined || parseStep(first) === undefined) return undefined;
  return parts.map((part) => parseStep(part) ?? { verb: 'talk', text: part });
}

function parseStep(part: string): Step | undefined {
  const [, verb = '', text = ''] = /^(\S+)\s*(.*)$/s.exec(part) ?? [];
  switch (verb) {
    case 'talk':
    case 'think':
      return { verb, text: text === '' ? 'All is well.' : text };
    case 'read':
    case 'run':
    case 'ask':
      return text === '' ? undefined : { verb, text };
    case 'fail':
      return { verb, text: text === '' ? 'API Error: 500 the demo was told to fail' : text };
    case 'limit': {
      const [, seconds] = /^(\d{1,8})s$/.exec(text) ?? [];
      const limitSeconds = Number(seconds);
      return seconds === undefined
        ? undefined
        : { verb: 'fail', text: `You have hit the usage limit of the demo · resets in ${seconds} s`, limitSeconds };
    }
    case 'continue': // as sessions do after a limit
      return text === '' ? { verb: 'talk', text: 'I go on where I stopped.' } : undefined;
    case 'plan':
      return { verb, entries: text.split('|').map((entry) => parseEntry(entry.trim())) };
    case 'edit': {
      const [, file = '', line = ''] = /^(\S*)\s*(.*)$/s.exec(text) ?? [];
      return file === '' ? undefined : { verb, file, line: line === '' ? 'A line from the demo agent.' : line };
    }
    case 'slow':
    case 'flood': {
      const [, count, everyMs] = /^(\d{1,7})(?:\s+(\d{1,6})ms)?$/.exec(text) ?? [];
      return count === undefined
        ? undefined
        : { verb: 'slow', count: Number(count), everyMs: verb === 'flood' ? 0 : Number(everyMs ?? 50) };
    }
    case 'wait': {
      const [, durationMs] = /^(\d{1,7})ms$/.exec(text) ?? [];
      return durationMs === undefined && text !== ''
        ? undefined
        : { verb, durationMs: durationMs === undefined ? undefined : Number(durationMs) };
    }
    case 'crash':
      return { verb, exitCode: /^\d{1,3}$/.test(text) ? Number(text) : 1 };
    case 'ignore-signals':
      return { verb };
    default:
      return undefined;
  }
}

function parseEntry(entry: string): { content: string; status: 'pending' | 'in_progress' | 'completed' } {
  const [, mark, content] = /^\[([x> ])\]\s*(.*)$/s.exec(entry) ?? [];
  if (content === undefined) return { content: entry, status: 'pending' };
  return { content, status: mark === 'x' || mark === '>' ? STATUS[mark] : 'pending' };
}

/** The words of a command. Double quotes make one word of what they contain. */
export function parseCommand(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

/** The steps for a prompt without a script, which take about 15 seconds. `file` is an existing file to read. */
export function story(prompt: string, file: string | undefined): Step[] {
  const line = prompt.split('\n').find((each) => each.trim() !== '') ?? 'Look around';
  const task = startOf(line.replaceAll(';', ',').trim(), 120);
  const script = [
    'wait 900ms',
    `think The task is: ${task} – I should see what is here first, then make a small change and check it.`,
    'wait 900ms',
    'talk I will look around, write down what I find, and check the result.',
    'plan [>] Look around | [ ] Write down the findings | [ ] Check the result',
    'wait 1200ms',
    file === undefined ? 'run git log --oneline -n 5' : `read ${file}`,
    'wait 1800ms',
    'run git status --short',
    'wait 1500ms',
    'think The working tree is small. A short note is enough, it goes into a file of its own.',
    'plan [x] Look around | [>] Write down the findings | [ ] Check the result',
    'wait 1800ms',
    `edit DEMO.md - ${task}`,
    'wait 1500ms',
    'edit DEMO.md - Looked around: nothing else had to change.',
    'wait 1500ms',
    'plan [x] Look around | [x] Write down the findings | [>] Check the result',
    'talk The note is written. May I stage it?',
    'wait 1200ms',
    'ask git add --verbose DEMO.md',
    'wait 1500ms',
    'run git diff --cached --stat',
    'wait 1500ms',
    'plan [x] Look around | [x] Write down the findings | [x] Check the result',
    'talk Done. DEMO.md holds the notes, and nothing else was changed.',
  ];
  return script.map((line) => parseStep(line) ?? { verb: 'talk', text: line });
}

/** An agent that prints numbered lines of many lengths, so that a missing one is noticed. */
import assert from 'node:assert/strict';

const SCRIPT = `
const last = Number(process.argv[1]);
let number = 0;
function print() {
  for (let count = 0; count < 5 && number < last; count++) {
    number++;
    process.stdout.write('line ' + number + ' ' + (number % 400 === 0 ? 'x'.repeat(100000) : 'y'.repeat(number % 300)) + '\\n');
  }
  if (number < last) setTimeout(print, 2);
}
print();
`;

export function loadArguments(lines: number): string[] {
  return [process.execPath, '-e', SCRIPT, String(lines)];
}

/**
 * The number of lines.
 * @throws if they are not the agent's lines from the first on, each once and in order
 */
export function countLines(text: string): number {
  const lines = text === '' ? [] : text.split('\n');
  lines.forEach((line, index) =>
    assert.ok(line.startsWith(`line ${index + 1} `), `line ${index + 1} of the agent is “${line.slice(0, 40)}”`),
  );
  return lines.length;
}

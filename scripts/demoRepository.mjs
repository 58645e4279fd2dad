/** The small project that `npm start` opens: a real git repository with a short history. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const README = `# Kettle

A kitchen timer for the terminal.

    node src/main.js 3m tea
    node src/main.js 1m30s eggs

Run the tests with \`node --test\`.
`;

const DURATION = `const SECONDS = { h: 3600, m: 60, s: 1 };

/** Seconds in a duration such as \`90s\`, \`3m\` or \`1h30m\`. */
export function parseDuration(text) {
  const parts = [...text.matchAll(/(\\d+)([hms])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new Error(\`\${text} is not a duration\`);
  }
  return parts.reduce((total, [, amount, unit]) => total + Number(amount) * SECONDS[unit], 0);
}

/** Seconds as a person reads them off a clock: \`1:05\`. */
export function formatClock(seconds) {
  return \`\${Math.floor(seconds / 60)}:\${String(seconds % 60).padStart(2, '0')}\`;
}
`;

const MAIN = `import { formatClock, parseDuration } from './duration.js';

const [duration = '3m', ...words] = process.argv.slice(2);
const name = words.join(' ') || 'Timer';
let left = parseDuration(duration);

const tick = setInterval(() => {
  left -= 1;
  process.stdout.write(\`\\r\${name} \${formatClock(left)} \`);
  if (left > 0) return;
  clearInterval(tick);
  console.log(\`\\n\${name} is ready.\\u0007\`);
}, 1000);
`;

const TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatClock, parseDuration } from '../src/duration.js';

test('reads durations', () => {
  assert.equal(parseDuration('90s'), 90);
  assert.equal(parseDuration('1h30m'), 5400);
});

test('refuses what is no duration', () => {
  assert.throws(() => parseDuration('soon'));
});

test('shows a clock', () => {
  assert.equal(formatClock(65), '1:05');
});
`;

const COMMITS = [
  [
    'Say what Kettle is for',
    {
      'README.md': README,
      'package.json': '{\n  "name": "kettle",\n  "version": "0.1.0",\n  "type": "module",\n  "private": true\n}\n',
      '.gitignore': 'node_modules/\n',
    },
  ],
  ['Read and show durations', { 'src/duration.js': DURATION, 'test/duration.test.js': TEST }],
  ['Count down and ring', { 'src/main.js': MAIN }],
];

/** Makes the repository in a folder that is new or empty. */
export async function createDemoRepository(directory) {
  await mkdir(directory, { recursive: true });
  const git = (...parameters) => promisify(execFile)('git', parameters, { cwd: directory });
  await git('init', '--quiet', '--initial-branch=main');
  // The machine may have no author configured.
  await git('config', 'user.name', 'Robin');
  await git('config', 'user.email', 'robin@example.com');
  await git('config', 'commit.gpgsign', 'false');
  for (const [message, files] of COMMITS) {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
    }
    await git('add', '--all');
    await git('commit', '--quiet', '--message', message);
  }
}

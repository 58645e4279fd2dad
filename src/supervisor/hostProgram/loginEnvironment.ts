/** The environment of the user's login shell: a program that ssh starts has hardly a PATH. */
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import * as v from 'valibot';
import { parseJson } from '../../common/lines/jsonLimits';
import { oneLine } from '../../common/oneLine';
import { runWithNode } from '../../common/processes/nodeProcess';

const LIMIT_MS = 20_000;
const MAX_OUTPUT_BYTES = 4 << 20;
const environmentSchema = v.record(v.string(), v.string());
/** They belong to the shell that was asked. */
const OWN_VARIABLES = ['_', 'SHLVL', 'PWD', 'OLDPWD'];

/** Prints this process's environment between two sentinels, since start-up files of shells print what they like. */
export function printEnvironment(sentinel: string): void {
  process.stdout.write(`${sentinel}${JSON.stringify(process.env)}${sentinel}`);
}

/** Makes the login shell's variables those of this process. Resolves with what went wrong; then they stay. */
export async function adoptLoginEnvironment(): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined; // there, programs get the user's environment anyway
  const sentinel = randomBytes(16).toString('hex');
  const words = [process.execPath, process.argv[1] ?? '', 'environment', sentinel];
  // No shell reads a word in single quotes in its own way where none of these is in it.
  const odd = words.find((word) => /['\\!\n]/.test(word));
  if (odd !== undefined) return `“${odd}” cannot be named to a shell`;
  const shell = userInfo().shell ?? '/bin/sh';
  const { stdout, stderr, failure, exitCode } = await runWithNode(
    [shell, ...shellOptions(shell), words.map((word) => `'${word}'`).join(' ')],
    { timeoutMs: LIMIT_MS, graceMs: 0, maxOutputBytes: MAX_OUTPUT_BYTES },
  );
  const [, printed = ''] = stdout.toString('utf8').split(sentinel);
  const parsed = v.safeParse(environmentSchema, parseJson(printed)?.json);
  if (!parsed.success)
    return `${shell} did not tell its environment (${failure ?? `exit code ${String(exitCode)}`}): ${oneLine(stderr)}`;
  const variables = Object.entries(parsed.output).filter(([name]) => !OWN_VARIABLES.includes(name));
  Object.assign(process.env, Object.fromEntries(variables));
  return undefined;
}

/** Interactive, since many people set PATH in the file of those shells; csh has no login shell with a command. */
function shellOptions(shell: string): string[] {
  return /^t?csh$/.test(basename(shell)) ? ['-ic'] : ['-i', '-l', '-c'];
}

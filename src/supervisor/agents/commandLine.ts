/** How an agent is started, as long as the system can start a program with such arguments. */
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import type { ResolvedAgent } from './agentRegistry';
import type { Launch, LaunchRequest } from './driver/driver';
import { driverFor } from './drivers';

/** MAX_ARG_STRLEN of Linux, with the byte that ends each argument. */
const LINUX_ARGUMENT_BYTES = 128 * 1024;
/** Of CreateProcess, with the character that ends the line. */
const WINDOWS_LINE_CHARACTERS = 32_767;
/** Windows gets one line: the space between two arguments, and quotes around each. */
const WINDOWS_EXTRA_CHARACTERS = 3;

/**
 * The agent's launch.
 * @throws CorralError INVALID_ARGUMENT where the system could not start a program with these arguments
 */
export async function launchOf(
  agent: ResolvedAgent,
  request: Omit<LaunchRequest, 'program' | 'programArguments'>,
): Promise<Launch> {
  const { program, programArguments } = agent;
  const launch = (await driverFor(agent.driver)).launch({ ...request, program, programArguments });
  if (!isTooLong(launch.argv)) return launch;
  throw new CorralError(
    'INVALID_ARGUMENT',
    l10n.t(
      'This prompt is too long to be an argument of a program. Write {promptFile} instead of {prompt} in the command: the program then gets the path of a file with the prompt.',
      { prompt: '{prompt}', promptFile: '{promptFile}' },
    ),
  );
}

function isTooLong(argv: readonly string[]): boolean {
  if (process.platform === 'linux') return argv.some((word) => Buffer.byteLength(word) >= LINUX_ARGUMENT_BYTES);
  if (process.platform !== 'win32') return false;
  return argv.reduce((sum, word) => sum + word.length + WINDOWS_EXTRA_CHARACTERS, 0) >= WINDOWS_LINE_CHARACTERS;
}

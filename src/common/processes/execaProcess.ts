/** A bundle of its own, loaded at the first process: V8 would read all of it at every start of the editor. */
import { execa } from 'execa';
import { collectOutput } from './collectOutput';
import { GroupEnd, LEADS_GROUP } from './processGroup';
import type { RunProcess } from './runProcess';
import { DEFAULT_MAX_OUTPUT_BYTES } from './runProcess';

/** By execa, which also runs Windows' command files with their arguments quoted. */
export const runWithExeca: RunProcess = async ([program, ...parameters], options = {}) => {
  const { maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES } = options;
  const running = execa(program, parameters, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.environment ?? process.env,
    extendEnv: false,
    detached: LEADS_GROUP,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    encoding: 'buffer',
    buffer: false, // its own way to collect output takes as long as all the rest
    stripFinalNewline: false,
    reject: false,
    cleanup: false, // git goes on when the window closes, as what it had begun is better finished
  });
  const group = new GroupEnd(running.nodeChildProcess, options);
  const onTooMuch = (): void => group.end('tooMuchOutput');
  const stdout = collectOutput(running.stdout, maxOutputBytes, onTooMuch);
  const stderr = collectOutput(running.stderr, maxOutputBytes, onTooMuch);
  const { failed, exitCode, signal, cause } = await running;
  group.release();
  const isStarted = !failed || exitCode !== undefined || signal !== undefined;
  return {
    exitCode,
    signal,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr).toString('utf8'),
    failure: isStarted ? group.failure : 'notStarted',
    cause: isStarted ? undefined : cause,
  };
};

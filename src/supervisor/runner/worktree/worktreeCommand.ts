import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import type { DraftEvent } from '../../../storage/events';
import { identityOf } from '../../system/identity';
import type { ProcessIdentity } from '../../system/identitySchema';
import { AgentProcess, agentEnvironment } from '../agentProcess';
import type { ExitStatus } from '../agentProcess';
import type { DiskReserve } from '../diskReserve';
import { OutputLines } from '../outputLines';
import type { RunBootstrap } from '../../runnerProtocol/protocol';
import type { Recorder } from '../recorder';
import type { ServerOutput } from './serverOutput';
import type { ProcessEntry } from '../../system/processTable';
import { listTree, RUN_ID_VARIABLE, setupMark } from '../../system/processTree';
import { Termination } from '../termination';

/** Said in the timeline of a command that was not run. */
const WITHHELD = 'Not run: it comes with the workspace, and nobody here allowed it. See “Review Workspace Commands”.';
const MAX_LINE_BYTES = 1024 * 1024;

/** Program and arguments, and the time limit. */
type WorktreeCommand = NonNullable<RunBootstrap['setup']>;

export interface WorktreeCommandHost {
  emit: (event: DraftEvent) => void;
  /** The command is running; `termination` ends it. */
  onSpawned: (termination: Termination) => void;
  recorder: Pick<Recorder, 'room'>;
  /** Where the lines of what is left running go, and who gets told what that is. */
  servers: { output: ServerOutput; onLeft: (servers: ProcessEntry[], rest: Promise<void>) => Promise<void> };
  /** Released for the command's last output, and taken again afterwards. */
  reserve: DiskReserve;
}

/**
 * Runs the configured setup or teardown command to its end, or says that it is withheld. Each line that it prints
 * becomes an event at once.
 * @throws CorralError WORKTREE_FAILED with the reason
 */
export async function runWorktreeCommand(
  bootstrap: RunBootstrap,
  name: 'setup' | 'teardown',
  { argv, limitMs, isWithheld }: WorktreeCommand,
  host: WorktreeCommandHost,
): Promise<void> {
  const [program = '', ...parameters] = argv;
  const title = argv.join(' ');
  const callId = `corral-${name}`;
  host.emit({
    kind: 'tool.call',
    data: { callId, name, title, input: { command: title }, category: 'execute', locations: [] },
  });
  if (isWithheld === true) {
    host.emit({ kind: 'tool.result', data: { callId, status: 'denied', output: WITHHELD } });
    return;
  }
  const run = name === 'setup' ? setUp : tearDown;
  const failure = await run(bootstrap, [program, ...parameters], limitMs, host);
  host.emit({
    kind: 'tool.result',
    data: { callId, status: failure === undefined ? 'ok' : 'failed', output: failure ?? '' },
  });
  if (failure !== undefined) throw new CorralError('WORKTREE_FAILED', `The ${name} command failed: ${failure}`);
  await host.reserve.take();
}

type Run = (
  bootstrap: RunBootstrap,
  argv: [string, ...string[]],
  limitMs: number,
  host: WorktreeCommandHost,
) => Promise<string | undefined>;

const tearDown: Run = async (bootstrap, argv, limitMs, host) => {
  return await converse(bootstrap, bootstrap.runId, argv, limitMs, host, async (command) => {
    const lines = linesOf((stream, text) => host.emit({ kind: 'output', data: { stream, text } }));
    await command.readOutput((stream, chunk) => {
      lines.push(stream, chunk);
      return host.recorder.room();
    });
    lines.end();
  });
};

/** Ends with the command's own process: a server that it leaves running goes on, and its output is kept. */
const setUp: Run = async (bootstrap, argv, limitMs, host) => {
  const mark = setupMark(bootstrap.runId);
  return await converse(bootstrap, mark, argv, limitMs, host, async (command, identity) => {
    const { output, onLeft } = host.servers;
    let isOver = false;
    let kept = Promise.resolve();
    const lines = linesOf((stream, text) => {
      if (isOver) kept = kept.then(async () => await output.add(stream, text));
      else host.emit({ kind: 'output', data: { stream, text } });
    });
    const { rest } = await command.readUntilExit(async (stream, chunk) => {
      lines.push(stream, chunk);
      await kept;
      await host.recorder.room();
    });
    isOver = true;
    const tree = await listTree({ runId: mark, agent: identity, group: command.pid }).catch(() => []);
    const left = tree.filter(({ ended }) => !ended);
    if (left.length > 0) await onLeft(left, rest);
    else lines.end();
  });
};

function linesOf(onLine: (stream: 'stdout' | 'stderr', text: string) => void): OutputLines {
  return new OutputLines(MAX_LINE_BYTES, (stream, { bytes }) => onLine(stream, bytes.toString('utf8')));
}

/** Why the command failed. `mark` is by which its processes are found. */
async function converse(
  bootstrap: RunBootstrap,
  mark: string,
  argv: [string, ...string[]],
  limitMs: number,
  host: WorktreeCommandHost,
  read: (command: AgentProcess, identity: ProcessIdentity | undefined) => Promise<void>,
): Promise<string | undefined> {
  let command: AgentProcess;
  try {
    const environment = { ...agentEnvironment(process.env, bootstrap), [RUN_ID_VARIABLE]: mark };
    command = await AgentProcess.spawn(argv, bootstrap.cwd, environment);
  } catch (error) {
    return messageOf(error);
  }
  command.closeInput();
  void command.exited.then(async () => await host.reserve.releaseForOutput());
  const identity = await identityOf(command.pid).catch(() => undefined);
  const termination = new Termination(command, { runId: mark, agent: identity }, bootstrap.stopGraceMs);
  host.onSpawned(termination);
  const state = { isTimedOut: false };
  const limit = setTimeout(() => {
    state.isTimedOut = true;
    termination.kill();
  }, limitMs);
  await read(command, identity);
  const exit = await command.exited;
  clearTimeout(limit);
  // The command is repeated for the next run, so that nothing of a failed one may be in its way.
  if (failureOf(exit) !== undefined) termination.kill();
  await termination.settled;
  return state.isTimedOut ? `it did not end within ${limitText(limitMs)}` : failureOf(exit);
}

function limitText(limitMs: number): string {
  return limitMs < 60_000 ? `${String(limitMs / 1_000)} seconds` : `${String(Math.round(limitMs / 60_000))} minutes`;
}

function failureOf({ exitCode, signal }: ExitStatus): string | undefined {
  if (exitCode === 0) return undefined;
  return signal === null ? `exit code ${String(exitCode)}` : `ended by ${signal}`;
}

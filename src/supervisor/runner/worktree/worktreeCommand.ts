import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import type { DraftEvent } from '../../../storage/events';
import { identityOf } from '../../system/identity';
import { AgentProcess, agentEnvironment } from '../agentProcess';
import type { ExitStatus } from '../agentProcess';
import type { DiskReserve } from '../diskReserve';
import { OutputLines } from '../outputLines';
import type { RunBootstrap } from '../../runnerProtocol/protocol';
import type { Recorder } from '../recorder';
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
  const failure = await converse(bootstrap, [program, ...parameters], limitMs, host);
  host.emit({
    kind: 'tool.result',
    data: { callId, status: failure === undefined ? 'ok' : 'failed', output: failure ?? '' },
  });
  if (failure !== undefined) throw new CorralError('WORKTREE_FAILED', `The ${name} command failed: ${failure}`);
  await host.reserve.take();
}

async function converse(
  bootstrap: RunBootstrap,
  argv: [string, ...string[]],
  limitMs: number,
  host: WorktreeCommandHost,
): Promise<string | undefined> {
  let command: AgentProcess;
  try {
    command = await AgentProcess.spawn(argv, bootstrap.cwd, agentEnvironment(process.env, bootstrap));
  } catch (error) {
    return messageOf(error);
  }
  command.closeInput();
  void command.exited.then(async () => await host.reserve.releaseForOutput());
  const identity = await identityOf(command.pid).catch(() => undefined);
  const termination = new Termination(command, { runId: bootstrap.runId, agent: identity }, bootstrap.stopGraceMs);
  host.onSpawned(termination);
  const state = { isTimedOut: false };
  const limit = setTimeout(() => {
    state.isTimedOut = true;
    termination.kill();
  }, limitMs);
  const lines = new OutputLines(MAX_LINE_BYTES, (stream, { bytes }) =>
    host.emit({ kind: 'output', data: { stream, text: bytes.toString('utf8') } }),
  );
  await command.readOutput((stream, chunk) => {
    lines.push(stream, chunk);
    return host.recorder.room();
  });
  lines.end();
  const exit = await command.exited;
  clearTimeout(limit);
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

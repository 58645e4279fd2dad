/** What a person wants done in a new worktree before the agent begins, such as installing packages, and in one that is about to go, such as stopping a database. */
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

const MAX_LINE_BYTES = 1024 * 1024;

/** Program and arguments, and how long they may take. */
type WorktreeCommand = NonNullable<RunBootstrap['setup']>;

export interface WorktreeCommandHost {
  emit: (event: DraftEvent) => void;
  /** The command runs; this is how it is ended. */
  onSpawned: (termination: Termination) => void;
  recorder: Pick<Recorder, 'acknowledged'>;
  /** What the command says last may be written out of it; it is whole again for whoever comes after it. */
  reserve: DiskReserve;
}

/** Runs the command to its end; each line that it prints is an event at once. Throws WORKTREE_FAILED with the reason where it fails. */
export async function runWorktreeCommand(
  bootstrap: RunBootstrap,
  name: 'setup' | 'teardown',
  { argv, limitMs }: WorktreeCommand,
  host: WorktreeCommandHost,
): Promise<void> {
  const [program = '', ...parameters] = argv;
  const title = argv.join(' ');
  const callId = `corral-${name}`;
  host.emit({
    kind: 'tool.call',
    data: { callId, name, title, input: { command: title }, category: 'execute', locations: [] },
  });
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
  const limited = { isLate: false };
  const limit = setTimeout(() => {
    limited.isLate = true;
    termination.kill();
  }, limitMs);
  const lines = new OutputLines(MAX_LINE_BYTES, (stream, { bytes }) =>
    host.emit({ kind: 'output', data: { stream, text: bytes.toString('utf8') } }),
  );
  await command.readOutput((stream, chunk) => {
    lines.push(stream, chunk);
    return host.recorder.acknowledged();
  });
  lines.end();
  const exit = await command.exited;
  clearTimeout(limit);
  await termination.settled;
  return limited.isLate ? `it did not end within ${limitWords(limitMs)}` : failureOf(exit);
}

function limitWords(limitMs: number): string {
  return limitMs < 60_000 ? `${String(limitMs / 1_000)} seconds` : `${String(Math.round(limitMs / 60_000))} minutes`;
}

function failureOf({ exitCode, signal }: ExitStatus): string | undefined {
  if (exitCode === 0) return undefined;
  return signal === null ? `exit code ${String(exitCode)}` : `ended by ${signal}`;
}

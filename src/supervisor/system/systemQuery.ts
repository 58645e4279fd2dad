import { runWithNode } from '../../common/processes/nodeProcess';
import type { RunProcess } from '../../common/processes/runProcess';

const ANSWER_LIMIT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

let runProcess: RunProcess = runWithNode;

/** Chooses, once at the start of this process, how it runs the programs that `querySystem` asks. */
export function querySystemWith(run: RunProcess): void {
  runProcess = run;
}

/**
 * What one of the system's programs, such as `ps`, prints.
 * @throws SystemQueryError where it cannot be started, fails, or does not answer in time
 */
export async function querySystem(
  argv: readonly [program: string, ...parameters: string[]],
  environment = process.env,
): Promise<string> {
  const limits = { timeoutMs: ANSWER_LIMIT_MS, maxOutputBytes: MAX_ANSWER_BYTES };
  const result = await runProcess(argv, { environment, ...limits });
  if (result.failure === undefined && result.exitCode === 0) return result.stdout.toString('utf8');
  const detail = result.failure ?? result.signal ?? `exit code ${String(result.exitCode)}`;
  throw new SystemQueryError(`${argv[0]}: ${detail}`, result.exitCode, result.cause);
}

export class SystemQueryError extends Error {
  /** Undefined where the program did not end by itself. */
  readonly exitCode: number | undefined;

  constructor(message: string, exitCode: number | undefined, cause: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

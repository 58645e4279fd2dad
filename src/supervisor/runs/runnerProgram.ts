import type { RunProcess } from '../../common/processes/runProcess';
import { findProgram } from '../agents/discovery';

/** The runner's bundle is built for it. */
const OLDEST_MAJOR_VERSION = 22;
const ANSWER_LIMIT_MS = 10_000;

/** Path of a `node` → whether it is new enough. */
const known = new Map<string, Promise<boolean>>();

/**
 * The program for runners: the configured one, a new `node` on PATH, or this process's own. PATH is asked only on
 * Windows and in an AppImage, where a runner that holds the editor's program open blocks the editor's update.
 */
export async function runnerProgram(
  configured: string | undefined,
  runProcess: RunProcess,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  if (configured !== undefined) return configured;
  const blocksUpdates = process.platform === 'win32' || environment['APPIMAGE'] !== undefined;
  const node = blocksUpdates ? await findProgram({ program: 'node', environment, folders: [] }) : undefined;
  return node?.programArguments.length === 0 && (await isNewEnough(node.program, runProcess))
    ? node.program
    : process.execPath;
}

async function isNewEnough(program: string, runProcess: RunProcess): Promise<boolean> {
  const answer = known.get(program) ?? askVersion(program, runProcess);
  known.set(program, answer);
  return await answer;
}

async function askVersion(program: string, runProcess: RunProcess): Promise<boolean> {
  const { exitCode, stdout } = await runProcess([program, '--version'], { timeoutMs: ANSWER_LIMIT_MS });
  return exitCode === 0 && Number(/^v(\d+)\./.exec(stdout.toString('utf8'))?.[1]) >= OLDEST_MAJOR_VERSION;
}

/** Claude Code's own transcripts: one file of JSON lines per session, in a folder named after its working directory. */
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { isInside } from '../../common/isInside';
import { mapLimited } from '../../common/mapLimited';
import { titleOf } from '../sessions/sessionTitle';
import { parseTranscriptLine, promptOf } from './claudeTranscriptLine';
import { ClaudeTranscriptReplay } from './claudeTranscriptReplay';
import type { FoundSession, ImportingAgent, TimedEvent } from './nativeSession';

/** Enough to find the working directory and the first prompt. */
const HEAD_BYTES = 256 * 1024;
/** Claude cuts the names of its folders at this length. */
const MAX_FOLDER_NAME_CHARACTERS = 200;
const MAX_FILES_AT_ONCE = 8;
/** The extension host gets to do other work after this many lines. */
const LINES_PER_YIELD = 50;

/** Claude's sessions in `folder` or below it, without those that cannot be read. */
export async function listClaudeSessions({ environment }: ImportingAgent, folder: string): Promise<FoundSession[]> {
  const configuration = environment['CLAUDE_CONFIG_DIR'] ?? join(environment['HOME'] ?? homedir(), '.claude');
  const projects = join(configuration, 'projects');
  const prefix = folder.replaceAll(/[^A-Za-z0-9]/g, '-').slice(0, MAX_FOLDER_NAME_CHARACTERS);
  const names = (await readdir(projects).catch(() => [])).filter((name) => name.startsWith(prefix));
  const files = await Promise.all(
    names.map(async (name) =>
      (await readdir(join(projects, name)).catch(() => []))
        .filter((each) => each.endsWith('.jsonl'))
        .map((each) => join(projects, name, each)),
    ),
  );
  const found: FoundSession[] = [];
  await mapLimited(files.flat(), MAX_FILES_AT_ONCE, async (path) => {
    const session = await describeSession(path).catch(() => undefined);
    if (session !== undefined && isInside(session.cwd, folder)) found.push(session);
  });
  return found;
}

/** Undefined for a transcript without a prompt. */
async function describeSession(path: string): Promise<FoundSession | undefined> {
  const { mtime } = await stat(path);
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const lines = buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .flatMap((line) => parseTranscriptLine(line) ?? []);
    const cwd = lines.find((line) => line.cwd !== undefined)?.cwd;
    const prompt = lines.map(promptOf).find((each) => each !== undefined);
    if (cwd === undefined || prompt === undefined) return undefined;
    const nativeSessionId = /([^\\/]+)\.jsonl$/.exec(path)?.[1] ?? '';
    return { nativeSessionId, title: titleOf(prompt), cwd, updatedAt: mtime.toISOString(), source: path };
  } finally {
    await file.close();
  }
}

/** The events of a whole session, as Claude's driver makes them. */
export async function* readClaudeSession(
  _agent: ImportingAgent,
  { nativeSessionId, source, cwd }: FoundSession,
): AsyncGenerator<TimedEvent> {
  const replay = new ClaudeTranscriptReplay(nativeSessionId, cwd);
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(source), crlfDelay: Infinity })) {
    if (line.trim() !== '') yield* replay.readLine(line);
    if (++count % LINES_PER_YIELD === 0) await yieldToEventLoop();
  }
  yield* replay.end();
}

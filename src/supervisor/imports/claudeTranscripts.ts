/** Claude Code's own transcripts: one file of JSON lines per session, in a folder named after its working directory. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { isInside } from '../../common/isInside';
import { abridgeStrings } from '../../common/lines/abridgeStrings';
import { readLines } from '../../common/lines/readLines';
import { mapLimited } from '../../common/mapLimited';
import { claudeFolderPrefix, claudeProjects } from '../agents/transcripts/transcriptFolders';
import { titleOf } from '../sessions/sessionTitle';
import { answerOf, parseTranscriptLine, promptOf } from './claudeTranscriptLine';
import { ClaudeTranscriptReplay } from './claudeTranscriptReplay';
import type { FoundSession, ImportingAgent, SessionSearch, TimedEvent } from './nativeSession';

/** More than the pictures of a first prompt take. What comes later in a transcript is not looked at for the list. */
const HEAD_BYTES = 48 * 1024 * 1024;
/** Of each string in the head: enough for a title. */
const HEAD_STRING_BYTES = 4 * 1024;
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const MAX_FILES_AT_ONCE = 8;
/** The extension host gets to do other work after so much of a transcript. */
const BYTES_PER_TURN = 256 * 1024;

/** Finds Claude's sessions in `folder` or below it, without those that cannot be read. */
export async function findClaudeSessions(
  { environment }: ImportingAgent,
  folder: string,
  { signal, onFound }: SessionSearch,
): Promise<void> {
  const projects = claudeProjects(environment);
  const prefix = claudeFolderPrefix(folder);
  const names = (await readdir(projects).catch(() => [])).filter((name) => name.startsWith(prefix));
  const files = await Promise.all(
    names.map(async (name) =>
      (await readdir(join(projects, name)).catch(() => []))
        .filter((each) => each.endsWith('.jsonl'))
        .map((each) => join(projects, name, each)),
    ),
  );
  await mapLimited(files.flat(), MAX_FILES_AT_ONCE, async (path) => {
    if (signal.aborted) return;
    const session = await describeSession(path, signal).catch(() => undefined);
    if (session !== undefined && isInside(session.cwd, folder)) onFound(session);
  });
  signal.throwIfAborted();
}

/** Undefined for a transcript in which nobody said anything. A command alone gets its title from the answer. */
async function describeSession(path: string, signal: AbortSignal): Promise<FoundSession | undefined> {
  const found = await stat(path);
  if (!found.isFile()) return undefined; // opening a pipe would wait for its writer
  let cwd: string | undefined;
  let prompt: string | undefined;
  let answer: string | undefined;
  const head = createReadStream(path, { end: HEAD_BYTES - 1, signal });
  for await (const { bytes } of readLines(head, MAX_LINE_BYTES)) {
    const line = parseTranscriptLine(abridgeStrings(bytes, HEAD_STRING_BYTES));
    if (line === undefined) continue;
    cwd ??= line.cwd;
    prompt ??= promptOf(line);
    answer ??= answerOf(line);
    if (cwd !== undefined && prompt !== undefined) break;
  }
  const words = prompt ?? answer;
  if (cwd === undefined || words === undefined) return undefined;
  const nativeSessionId = /([^\\/]+)\.jsonl$/.exec(path)?.[1] ?? '';
  return { nativeSessionId, title: titleOf(words), cwd, updatedAt: found.mtime.toISOString(), source: path };
}

/** The events of a whole session, as Claude's driver makes them. */
export async function* readClaudeSession(
  _agent: ImportingAgent,
  { nativeSessionId, source, cwd }: FoundSession,
): AsyncGenerator<TimedEvent> {
  const replay = new ClaudeTranscriptReplay(nativeSessionId, cwd);
  let bytesInTurn = 0;
  for await (const { bytes, isCut } of readLines(createReadStream(source), MAX_LINE_BYTES)) {
    const text = bytes.toString('utf8');
    if (isCut) yield replay.unread(text);
    else if (text.trim() !== '') yield* replay.readLine(text);
    bytesInTurn += bytes.length;
    if (bytesInTurn < BYTES_PER_TURN) continue;
    bytesInTurn = 0;
    await yieldToEventLoop();
  }
  yield* replay.end();
}

/** A thread of a search: looks for the text in the runs that it is sent. */
import { parentPort, workerData } from 'node:worker_threads';
import * as v from 'valibot';
import { messageOf } from '../../common/errors';
import { type RunPaths, StorePaths } from '../paths';
import type { Report, Task } from './searchMessages';
import { orderSchema, threadDataSchema } from './searchMessages';
import { readRunFilter, writeRunFilter } from './runFilter';
import { RunSearch } from './runSearch';
import { SearchPattern } from './searchPattern';

const port = parentPort;
if (port === null) throw new Error('A search runs in threads.');
const { root, text, limit, readOnly } = v.parse(threadDataSchema, workerData);
const paths = new StorePaths(root);
const pattern = new SearchPattern(text);
const report = (message: Report): void => port.postMessage(message);

/** So many matches of a run are given before anybody reads them. */
const MAX_UNREAD = 20;
/** Runs whose matches are read, and what waits for that. */
const read = new Set<number>();
let onRead: () => void = () => undefined;

function pathsOf({ sessionId, runId, isAside }: Task): RunPaths {
  const session = paths.session(sessionId);
  return isAside === true ? session.aside(runId) : session.run(runId);
}

/** What the filter of an ended run says; undefined where it has none. */
function askFilter(task: Task): boolean | undefined {
  if (!task.hasEnded || pattern.grams.length === 0) return undefined;
  try {
    return readRunFilter(pathsOf(task))?.mayHave(pattern.grams);
  } catch {
    return undefined;
  }
}

async function search(task: Task): Promise<void> {
  const filtered = askFilter(task);
  if (filtered === false) return;
  const { number, hasEnded } = task;
  const run = pathsOf(task);
  let left = limit;
  for (const { seq, timestamp, draft } of new RunSearch(run, pattern).matches()) {
    report({ number, match: { seq, timestamp, ...draft } });
    if (--left === 0) return;
    while (limit - left >= MAX_UNREAD && !read.has(number)) await new Promise<void>((resolve) => (onRead = resolve));
  }
  // The run was just read, so the next search has its filter for little.
  if (filtered === undefined && hasEnded && !readOnly) await writeRunFilter(run).catch(() => undefined);
}

let last = Promise.resolve();
port.on('message', (message: unknown) => {
  const task = v.parse(orderSchema, message);
  if ('readNumber' in task) {
    read.add(task.readNumber);
    onRead();
    return;
  }
  const { number } = task;
  last = last
    .then(async () => await search(task))
    .then(
      () => report({ number, isDone: true }),
      (error: unknown) => report({ number, isDone: true, unreadable: messageOf(error) }),
    );
});

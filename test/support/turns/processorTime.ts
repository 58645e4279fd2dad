import { readFileSync } from 'node:fs';

/** The processor time that a thread of this process has used, without the time in which others ran. */
export function processorTimeMs(thread: number): number {
  const [nanoseconds] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ');
  return Number(nanoseconds) / 1e6;
}

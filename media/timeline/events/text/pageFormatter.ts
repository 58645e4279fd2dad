import { Formatter } from './formatter';
import type { FormatWorker } from './formatter';

/** A worker from our own code: a page may load it only from an address that it has made itself. */
async function startPageWorker(onMessage: (message: unknown) => void): Promise<FormatWorker> {
  const { default: code } = await import('bundle:textWorker');
  const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  try {
    const worker = new Worker(address);
    worker.onmessage = ({ data }) => onMessage(data);
    return { post: (job) => worker.postMessage(job), end: () => worker.terminate() };
  } finally {
    URL.revokeObjectURL(address);
  }
}

export const pageFormatter = new Formatter(startPageWorker);

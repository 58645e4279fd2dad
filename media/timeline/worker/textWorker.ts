/** The worker that formats texts for the page, which ends it where a text takes too long. */
import type { FormatJob } from './format';
import { format } from './format';

self.onmessage = ({ data }: MessageEvent<FormatJob>) => {
  self.postMessage({ result: format(data) });
};
self.postMessage('ready');

import type { EventPlace } from '../../protocol/timelineProtocol';
import { newNonce, webviewPage } from '../webview/webviewPage';
import type { PageResources } from '../webview/webviewPage';

/** The HTML of a timeline, which shows `place`, or else what it showed before. */
export function timelinePage(sessionId: string, resources: PageResources, place?: EventPlace): string {
  const nonce = newNonce();
  // VS Code loads the same HTML whenever the tab is shown: by `start` the page knows that it was at `place` already.
  const start = place === undefined ? {} : { start: nonce, run: place.runId, seq: String(place.seq) };
  return webviewPage(resources, nonce, { session: sessionId, ...start }, 'data:');
}

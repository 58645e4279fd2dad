import type { EventPlace } from '../../protocol/timelineProtocol';
import { newNonce, webviewPage } from '../webview/webviewPage';
import type { PageResources } from '../webview/webviewPage';

/** The timeline's page, which goes to `place` where there is one and otherwise stays where it was. */
export function timelinePage(sessionId: string, resources: PageResources, place?: EventPlace): string {
  const nonce = newNonce();
  // `start` tells the page whether it has been at its place already, since the same page is loaded again whenever its tab is shown.
  const start = place === undefined ? {} : { start: nonce, run: place.runId, seq: String(place.seq) };
  return webviewPage(resources, nonce, { session: sessionId, ...start });
}

import assert from 'node:assert/strict';
import { timelinePage } from '../../../../src/views/timeline/timelinePage';

const resources = {
  scriptUri: 'https://x/timeline.js?a="1"&b',
  styleUri: 'https://x/timeline.css',
  cspSource: 'https://*.x',
  language: 'en',
};

describe('the timeline page', () => {
  it('allows its own script and style and nothing else', () => {
    const html = timelinePage('aaaaaaaaaaaa', resources);
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1]?.replaceAll('&#39;', "'") ?? '';
    const nonce = /nonce-([\w-]+)/.exec(policy)?.[1] ?? '';
    assert.ok(nonce.length >= 22);
    assert.match(
      policy,
      /^default-src 'none'; script-src 'nonce-[\w-]+'; style-src https:\/\/\*\.x 'nonce-[\w-]+'; font-src 'none'; img-src data:; worker-src blob:/,
    );
    assert.doesNotMatch(policy, /unsafe|\*(?!\.x)/);
    assert.equal(html.split(`nonce="${nonce}"`).length, 3, 'one script and one style');
    assert.ok(html.includes('src="https://x/timeline.js?a=&#34;1&#34;&#38;b"'));
    assert.ok(html.includes('data-session="aaaaaaaaaaaa"'));
  });

  it('has another nonce each time', () => {
    const nonceOf = (): string => /nonce="([^"]+)"/.exec(timelinePage('aaaaaaaaaaaa', resources))?.[1] ?? '';
    assert.notEqual(nonceOf(), nonceOf());
  });
});

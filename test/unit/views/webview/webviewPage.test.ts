import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { webviewPage } from '../../../../src/views/webview/webviewPage';

const resources = { scriptUri: 'https://x/a.js', styleUri: 'https://x/a.css', cspSource: 'https://x', language: 'en' };

describe('a page of the editor', () => {
  it('carries no translations where there are none', () => {
    const html = webviewPage(resources, 'nonce', { session: 'a' });
    assert.ok(html.includes('<html lang="en">'));
    assert.ok(html.includes('<div id="root" data-session="a"></div>'));
  });

  it('carries the translations, which cannot break out of their attribute', () => {
    const translations = { 'Say “yes”': '<b> "ja" & \'ja\'' };
    const html = webviewPage({ ...resources, language: 'de', translations }, 'nonce', {});
    assert.ok(html.includes('<html lang="de">'));
    const attribute = /data-translations="([^"<>']*)"/.exec(html)?.[1] ?? '';
    const decoded = attribute.replace(/&#(\d+);/g, (_entity, code) => String.fromCharCode(Number(code)));
    assert.deepEqual(JSON.parse(decoded), translations);
  });
});

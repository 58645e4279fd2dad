import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { redact } from '../../../../src/views/help/redact';

const secrets = { home: '/home/ada', texts: ['Fix the parser of secrets', 'Greet everyone'] };

describe('a redacted log', () => {
  it('keeps what happened, and no private text, secret or folder', () => {
    const cases: [line: string, redacted: string][] = [
      ['queue: 3 runs wait', 'queue: 3 runs wait'],
      ['newSession: Fix the parser of secrets failed', 'newSession: <text> failed'],
      ['Deleted “A title that nobody knows”.', 'Deleted “<text>”.'],
      ['cannot read /home/ada/work/shop/a.ts', 'cannot read ~/work/shop/a.ts'],
      ['cannot read /srv/customers/acme/plan.md', 'cannot read <folder>/plan.md'],
      ['cannot read C:\\Users\\ada\\plan.md', 'cannot read <folder>/plan.md'],
      ['ANTHROPIC_API_KEY=sk-ant-1234567890abcdef', 'ANTHROPIC_API_KEY=<secret>'],
      ['{"access_token": "abc"}', '{"access_token": "<secret>"}'],
      ['Authorization: Bearer abcdefghijkl', 'Authorization: <secret>'],
      ['used ghp_abcdefghijklmnopqrst to push', 'used <secret> to push'],
      ['push to https://ada:hunter2@git.example/shop', 'push to https://<user>@git.example/shop'],
      ['written by ada@example.com', 'written by <address>'],
    ];
    for (const [line, redacted] of cases) assert.equal(redact(line, secrets), redacted);
  });

  it('has no line without end', () => {
    assert.ok(redact('x '.repeat(5_000), secrets).length <= 501);
  });
});

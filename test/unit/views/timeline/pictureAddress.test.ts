import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { pictureFile } from '../../../../src/common/pictureFile';
import { pictureAddress } from '../../../../src/views/pictureAddress';
import { projectRoot } from '../../../support/project';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const PICTURES = {
  gif: hex('47494638 39610300 0200 80000000'),
  jpeg: hex('ffd8 ffe00010 4a46494600010100000100010000 ffc00011 08 0002 0003 03012200021101031101'),
  webpLossy: hex('52494646 24000000 57454250 56503820 18000000 300100 9d012a 0300 0200 0000'),
  webpLossless: hex('52494646 1a000000 57454250 5650384c 0d000000 2f 02400000 00000000'),
  webpExtended: hex('52494646 1a000000 57454250 56503858 0a000000 00000000 020000 010000'),
};

describe('a picture in the page', () => {
  it('is what its bytes say, with its size (E2)', async () => {
    const icon = await readFile(join(projectRoot, 'media/icon.png'));
    assert.deepEqual(pictureFile(icon)?.mediaType, 'image/png');
    for (const [name, bytes] of Object.entries(PICTURES)) {
      const mediaType = `image/${name.replace(/[A-Z].*$/, '')}`;
      assert.deepEqual(pictureFile(bytes), { mediaType, width: 3, height: 2 }, name);
      for (let length = 0; length < 10; length++) assert.equal(pictureFile(bytes.subarray(0, length)), undefined);
    }
    assert.equal(pictureAddress(icon), `data:image/png;base64,${icon.toString('base64')}`);
  });

  it('is none where it is something else, too large, or would take too much memory (E2)', () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    for (const bytes of [svg, Buffer.from('<html>'), Buffer.alloc(0), Buffer.from('no picture')])
      assert.equal(pictureAddress(bytes), undefined);
    const png = (width: number, height: number): Buffer => {
      const bytes = Buffer.concat([hex('89504e470d0a1a0a 0000000d 49484452'), Buffer.alloc(8)]);
      bytes.writeUInt32BE(width, 16);
      bytes.writeUInt32BE(height, 20);
      return bytes;
    };
    assert.ok(pictureAddress(png(4_000, 4_000)));
    assert.equal(pictureAddress(png(40_000, 40_000)), undefined);
    assert.equal(pictureAddress(Buffer.concat([png(10, 10), Buffer.alloc(7 * 1024 * 1024)])), undefined);
  });
});

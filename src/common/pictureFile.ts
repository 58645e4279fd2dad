/** What a picture's bytes are, whatever others say of them. Only what every browser shows is known here. */

export interface PictureFile {
  mediaType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';
  width: number;
  height: number;
}

const startsWith = (bytes: Buffer, text: string, at = 0): boolean =>
  bytes.toString('latin1', at, at + text.length) === text;

/** The kind and size of a picture by its first bytes; undefined for anything else. */
export function pictureFile(bytes: Buffer): PictureFile | undefined {
  try {
    if (startsWith(bytes, '\x89PNG\r\n\x1a\n') && startsWith(bytes, 'IHDR', 12))
      return { mediaType: 'image/png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
    if (startsWith(bytes, 'GIF8'))
      return { mediaType: 'image/gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
    if (startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8)) return webp(bytes);
    return startsWith(bytes, '\xff\xd8\xff') ? jpeg(bytes) : undefined;
  } catch {
    return undefined; // it ends too early
  }
}

function webp(bytes: Buffer): PictureFile | undefined {
  const mediaType = 'image/webp';
  if (startsWith(bytes, 'VP8X', 12))
    return { mediaType, width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  if (startsWith(bytes, 'VP8 ', 12))
    return { mediaType, width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (!startsWith(bytes, 'VP8L', 12)) return undefined;
  const size = bytes.readUInt32LE(21);
  return { mediaType, width: (size & 0x3fff) + 1, height: ((size >>> 14) & 0x3fff) + 1 };
}

/** Goes from segment to segment until the one with the size. */
function jpeg(bytes: Buffer): PictureFile | undefined {
  for (let at = 2; bytes.readUInt8(at) === 0xff;) {
    const marker = bytes.readUInt8(at + 1);
    const isSize = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isSize)
      return { mediaType: 'image/jpeg', width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The length of the run of backslashes that ends before `end`. */
function backslashesBefore(bytes: Buffer, end: number): number {
  let count = 0;
  while (bytes[end - 1 - count] === BACKSLASH) count++;
  return count;
}

/** The last place from which no character and no escape sequence is cut, at most `most`. */
function placeToCut(bytes: Buffer, most: number): number {
  let cut = most;
  while (((bytes[cut] ?? 0) & 0xc0) === 0x80) cut--;
  const backslash = bytes.lastIndexOf(BACKSLASH, cut - 1);
  // The longest escape sequence has six bytes, and pairs of backslashes are complete ones.
  const isEscape = backslash >= cut - 6 && backslashesBefore(bytes, backslash + 1) % 2 === 1;
  return isEscape ? backslash : cut;
}

/**
 * A line of JSON whose long strings are cut to about `maxBytes`, so that a glance at it costs little. What it holds in
 * front of pictures and whole files stays as it is.
 */
export function abridgeStrings(line: Buffer, maxBytes: number): string {
  if (line.length <= maxBytes) return line.toString('utf8');
  const parts: string[] = [];
  let from = 0;
  for (let start = line.indexOf(QUOTE); start !== -1;) {
    let end = line.indexOf(QUOTE, start + 1);
    while (end !== -1 && backslashesBefore(line, end) % 2 === 1) end = line.indexOf(QUOTE, end + 1);
    if (end === -1) break;
    if (end - start > maxBytes) {
      parts.push(line.toString('utf8', from, placeToCut(line, start + 1 + maxBytes)));
      from = end;
    }
    start = line.indexOf(QUOTE, end + 1);
  }
  return `${parts.join('')}${line.toString('utf8', from)}`;
}
